"""The check of a model directory: it holds what its manifest makes of it, and nothing else."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from entrypoint.agent.manifest import PATH, Manifest
from entrypoint.agent.model_check import artifacts, environment, mlmodel
from entrypoint.agent.model_check.files import Listing, differing_files, listed, sha256
from entrypoint.agent.model_check.manifest_view import ManifestView
from entrypoint.agent.model_check.pattern import differences
from entrypoint.agent.model_check.yaml_mapping import read_mapping, read_text

_MLMODEL, _CONDA, _PYTHON_ENV = "MLmodel", "conda.yaml", "python_env.yaml"
_REQUIREMENTS = "requirements.txt"
_EXAMPLES = ("input_example.json", "serving_input_example.json")
# What the llama_index flavor keeps of the library's global settings.
_SETTINGS = "settings.json"
_MAX_SENTENCES = 100


def check(
    model: Path, manifest: Manifest, inferred: Collection[tuple[str, str]] | None = None
) -> tuple[str, ...]:
    """Every way in which a model directory is not what its manifest makes of it, a sentence each.

    Its files by their hashes, MLflow's metadata by what went into the agent, and no others. Nobody
    may write to the directory meanwhile. `inferred`: kind and name of the resources that MLflow
    found in a LangChain object while it was built; None where that isn't known any more: then all
    kinds that it looks for are taken.
    """
    try:
        view = ManifestView.of(manifest)
    except ValueError as error:
        return (f"`{PATH}` {error}.",)
    model = model.resolve()
    listing = listed(model)
    found = sorted({*listing.problems, *_Check(model, manifest, view, listing).run(inferred)})
    more = [f"… and {len(found) - _MAX_SENTENCES:,} more."] if len(found) > _MAX_SENTENCES else []
    return (*found[:_MAX_SENTENCES], *more)


class _Check:
    def __init__(
        self, model: Path, manifest: Manifest, view: ManifestView, listing: Listing
    ) -> None:
        self._model = model
        self._manifest = manifest
        self._view = view
        self._listing = listing
        self._mlmodel: dict[Any, Any] = {}
        self._fetched: list[str] = []

    def run(self, inferred: Collection[tuple[str, str]] | None) -> Iterator[str]:
        view = self._view
        yield from self._yaml(_MLMODEL, lambda content: self._mlmodel_pattern(content, inferred))
        yield from self._yaml(_CONDA, lambda _: environment.conda(view))
        yield from self._yaml(_PYTHON_ENV, lambda _: environment.python_env(view))
        yield from self._requirements()
        own = {_MLMODEL, _CONDA, _PYTHON_ENV, _REQUIREMENTS, *_EXAMPLES, PATH}
        if mlmodel.flavor_of(self._mlmodel, view) == "llama_index":
            own.add(_SETTINGS)
        self._fetched = artifacts.fetched_paths(self._mlmodel, view)
        yield from differing_files(self._model, self._listing, view.files, own, self._is_fetched)
        if PATH in self._listing.files and sha256(self._model / PATH) != self._manifest.digest:
            yield f"`{PATH}` is not the manifest of what was read."

    def _mlmodel_pattern(
        self, content: dict[Any, Any], inferred: Collection[tuple[str, str]] | None
    ) -> dict[str, Any]:
        self._mlmodel = content
        flavor = mlmodel.flavor_of(content, self._view)
        return mlmodel.expected(flavor, self._view, inferred)

    def _yaml(
        self, name: str, pattern_of: Callable[[dict[Any, Any]], Mapping[str, Any]]
    ) -> Iterator[str]:
        if name not in self._listing.files:
            yield f"`{name}` is missing."
            return
        try:
            content = read_mapping(self._model / name)
        except ValueError as error:
            yield f"`{name}` {error}."
            return
        pattern = pattern_of(content)
        if name == _MLMODEL:
            content = mlmodel.without_new_keys(content, pattern)
        yield from differences(name, content, pattern)

    def _requirements(self) -> Iterator[str]:
        if _REQUIREMENTS not in self._listing.files:
            yield f"`{_REQUIREMENTS}` is missing."
            return
        try:
            lines = read_text(self._model / _REQUIREMENTS).splitlines()
        except ValueError as error:
            yield f"`{_REQUIREMENTS}` {error}."
            return
        if wrong := environment.wrong_lines(lines, self._view):
            yield f"`{_REQUIREMENTS}` {wrong}."

    def _is_fetched(self, name: str) -> bool:
        """Whether a file belongs to an artifact from a URI, by its place in `MLmodel`."""
        return any(name.startswith(f"{path}/") or name == path for path in self._fetched)
