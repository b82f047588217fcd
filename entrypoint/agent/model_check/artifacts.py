"""What `MLmodel` should say of the artifacts: where each is in the model, and where from."""

from collections.abc import Mapping
from typing import Any

from entrypoint.agent.model_check.manifest_view import ManifestView, is_local
from entrypoint.agent.model_check.pattern import Rule, shown


def expected(view: ManifestView) -> dict[str, Any]:
    """The pattern of the artifacts that the `python_function` flavor names."""
    return {
        name: {"path": place, "uri": _local_uri(place)}
        if is_local(place)
        else {"path": _fetched_path(place, view), "uri": place}
        for name, place in view.artifacts.items()
    }


def _local_uri(place: str) -> Rule:
    """The path that MLflow was given: one in the checkout, whose last name is in the manifest."""
    name = place.rpartition("/")[2]
    return Rule(
        f"a path in the checkout that ends with {shown(name)}",
        lambda value: (
            isinstance(value, str)
            and (value == "." or (_is_inside(value) and value.rpartition("/")[2] == name))
        ),
    )


def _fetched_path(uri: str, view: ManifestView) -> Rule:
    """Where MLflow puts what a URI names: next to the artifacts that are known.

    An older MLflow puts the content of a folder, a URI with `/` at its end, into `artifacts/.`.
    """
    local = [place for place in view.artifacts.values() if is_local(place)]

    def accepts(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if value == "artifacts/.":
            return uri.endswith("/")
        overlaps = any(
            f"{value}/".startswith(f"{it}/") or it.startswith(f"{value}/") for it in local
        )
        return is_local(value) and _is_inside(value) and not overlaps

    return Rule("a path of its own in `artifacts/`", accepts)


def fetched_paths(content: Mapping[Any, Any], view: ManifestView) -> list[str]:
    """Where the artifacts lie that come from a URI, as far as they lie where they may."""
    found: Any = content
    for key in ("flavors", "python_function", "artifacts"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return []
    paths = []
    for name, uri in view.artifacts.items():
        entry = found.get(name)
        path = entry.get("path") if isinstance(entry, dict) else None
        if not is_local(uri) and _fetched_path(uri, view).accepts(path):
            paths.append(str(path).removesuffix("/."))
    return paths


def _is_inside(path: str) -> bool:
    """Whether a POSIX path leads nowhere but down."""
    return not {"", ".", ".."} & set(path.split("/"))
