"""An agent as far as it can be compared: what its manifest says, and its `MLmodel`."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from entrypoint.agent.manifest import Manifest
from entrypoint.agent.model_check.manifest_view import ARTIFACTS, Access, ManifestView, is_local
from entrypoint.comparison.mlmodel import MLmodel
from entrypoint.comparison.model_file import Artifact, File, content_of

REQUIREMENTS = "requirements.txt"
# Bytes of a text that is compared line by line.
MAX_TEXT_SIZE = 1_000_000


@dataclass(frozen=True)
class Snapshot:
    """An agent, to be compared with another: of the checkout, or a registered version.

    A part is None where it isn't known, and empty where there is nothing of it. `code` has the
    agent's file and those of `code/`, by path in the model, and `places` where such a file can be
    read. `pickled` is an agent whose own code is not a file. Requirements that are not `locked`
    leave packages out. `config` is in canonical JSON, `signature` has MLflow's three parts as JSON
    texts, and `example` is a JSON text. `prompts` are URIs, `prompts:/catalog.schema.prompt/3`.
    """

    digest: str = ""
    code: Mapping[str, File] | None = None
    pickled: bool = False
    places: Mapping[str, Path] = field(default_factory=dict)
    artifacts: Mapping[str, Artifact] | None = None
    resources: frozenset[Access] | None = None
    scopes: frozenset[str] | None = None
    python: str | None = None
    requirements: tuple[str, ...] | None = None
    locked: bool = True
    config: Mapping[str, Any] | None = None
    signature: Mapping[str, str | None] | None = None
    flavor: str | None = None
    example: str | None = None
    prompts: frozenset[str] | None = None

    @classmethod
    def of_agent(
        cls, manifest: Manifest, agent: Path, code_paths: Path, model: Path | None = None
    ) -> "Snapshot":
        """The agent of the checkout: its file, and the folder laid out like `code/`.

        `model`: the directory that was built, if it was; nobody may write to it any more.
        """
        found = cls._of_manifest(manifest)
        places = {
            name: code_paths / name.removeprefix("code/") if name.startswith("code/") else agent
            for name in found.code or {}
        }
        return _built(replace(found, places=places), MLmodel.read(model) if model else None)

    @classmethod
    def of_version(
        cls, model: Path, manifest: Manifest | None, listed: Mapping[str, File], digest: str = ""
    ) -> "Snapshot":
        """A registered version, by those of its files that are in `model`, a folder of ours.

        `listed`: its code files, where it has no manifest; `digest`: the one in its tags.

        Raises:
            ValueError: log-agent writes no such manifest.

        """
        mlmodel = MLmodel.read(model)
        if manifest is None:
            return cls._without_manifest(model, mlmodel, listed, digest)
        found = cls._of_manifest(manifest)
        places = {name: model / name for name in found.code or {}}
        return _built(replace(found, digest=digest or found.digest, places=places), mlmodel)

    @classmethod
    def _of_manifest(cls, manifest: Manifest) -> "Snapshot":
        view = ManifestView.of(manifest)
        files = {name: File(each.size, each.sha256) for name, each in view.files.items()}
        example = view.given.input_example
        return cls(
            digest=manifest.digest,
            code={name: file for name, file in files.items() if not name.startswith(ARTIFACTS)},
            artifacts=_artifacts(view.artifacts, files),
            resources=frozenset(view.accesses),
            scopes=frozenset(view.scopes),
            python=view.python_version,
            requirements=(*view.index_options, *view.requirements),
            config=view.given.config,
            signature=view.given.signature,
            # MLflow's flavor is known only after the build.
            flavor=None if view.flavor == "auto" else view.flavor,
            example="" if example is None else json.dumps(example),
        )

    @classmethod
    def _without_manifest(
        cls, model: Path, mlmodel: MLmodel | None, listed: Mapping[str, File], digest: str
    ) -> "Snapshot":
        text = content_of(model / REQUIREMENTS, MAX_TEXT_SIZE)
        found = cls(
            digest=digest,
            code={
                name: File(file.size, _hash(model / name) or file.sha256)
                for name, file in listed.items()
            },
            pickled=mlmodel is None or mlmodel.code_file not in listed,
            places={name: model / name for name in listed},
            requirements=None if text is None else _lines(text),
            locked=False,
            artifacts={name: Artifact() for name in mlmodel.artifacts} if mlmodel else None,
            python=mlmodel.python if mlmodel else None,
            config=mlmodel.config if mlmodel else None,
        )
        return _built(found, mlmodel)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The parts that aren't known, in words."""
        parts = {
            "agent's own file": None if self.pickled else "",
            "code": self.code,
            "artifacts": self.artifacts,
            "resources": self.resources,
            "user scopes": self.scopes,
            "Python": self.python,
            "requirements": self.requirements,
            "model config": self.config,
            "signature": self.signature,
            "flavor": self.flavor,
            "input example": self.example,
        }
        return tuple(name for name, value in parts.items() if value is None)

    def content(self, name: str) -> bytes | None:
        """A code file's content; None when it isn't at hand, too large, or not the file it was."""
        if name not in self.places or not self.code or name not in self.code:
            return None
        content = content_of(self.places[name], MAX_TEXT_SIZE)
        if content is None or hashlib.sha256(content).hexdigest() != self.code[name].sha256:
            return None
        return content


def _built(found: Snapshot, mlmodel: MLmodel | None) -> Snapshot:
    """The same with the parts of the built model's MLmodel, which replace the declared ones."""
    if mlmodel is None:
        return found
    return replace(
        found,
        resources=mlmodel.resources,
        scopes=mlmodel.scopes,
        signature=mlmodel.signature,
        flavor=mlmodel.flavor,
        prompts=frozenset(mlmodel.prompts or ()),
    )


def _artifacts(places: Mapping[str, str], files: Mapping[str, File]) -> dict[str, Artifact]:
    """The artifacts by name, each with its files, by their paths below it."""
    wanted = set(places.values())
    by_place: dict[str, dict[str, File]] = defaultdict(dict)
    for path, file in files.items():
        parts = path.split("/")
        # `artifacts/a.txt`, or `artifacts/0/a.txt` where two have one name.
        for place in ("/".join(parts[:2]), "/".join(parts[:3])):
            if place in wanted:
                by_place[place][path.removeprefix(place)] = file
    return {
        name: Artifact(place, by_place.get(place, {}) if is_local(place) else None)
        for name, place in places.items()
    }


def _hash(path: Path) -> str:
    content = content_of(path, MAX_TEXT_SIZE)
    return "" if content is None else hashlib.sha256(content).hexdigest()


def _lines(text: bytes) -> tuple[str, ...]:
    return tuple(text.decode(errors="replace").splitlines())
