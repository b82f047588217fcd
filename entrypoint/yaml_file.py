"""YAML files that inputs name."""

from pathlib import Path
from typing import Any

import yaml

from entrypoint.errors import InputFailure, Place, Problem
from entrypoint.workspace import Workspace


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, of which PyYAML would drop the first in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        scalars = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        seen: set[str] = set()
        for key in scalars:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"`{key.value}` is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(name: str, path: Path, workspace: Workspace) -> dict[str, Any]:
    """A YAML file that holds a mapping, for the input `name`.

    Raises:
        InputFailure: it isn't one, with the place where it stops being one.

    """
    shown = workspace.relative(path)
    try:
        content = yaml.load(path.read_bytes(), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        what = f"`{name}`: `{shown}` is not YAML: {error.problem or error.context}."
        raise InputFailure(Problem(what, place=place)) from error
    # Bytes that are no text, a date that is none, endless nesting.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputFailure(
            Problem(f"`{name}`: `{shown}` is not YAML: {error}.", place=Place(shown))
        ) from error
    if not isinstance(content, dict):
        raise InputFailure(
            Problem(
                f"`{name}`: `{shown}` holds {_kind(content)}, not keys and values.",
                place=Place(shown, 1),
            )
        )
    return content


def _kind(content: object) -> str:
    if content is None:
        return "nothing"
    return "a list" if isinstance(content, list) else "a single value"
