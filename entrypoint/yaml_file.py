"""YAML files that inputs name."""

from pathlib import Path
from typing import Any

import yaml

from entrypoint.errors import InputFailure, Place, Problem
from entrypoint.workspace import Workspace


def read_yaml(name: str, path: Path, workspace: Workspace) -> dict[str, Any]:
    """A YAML file that holds a mapping, for the input `name`.

    Raises:
        InputFailure: it isn't one, with the place where it stops being one.

    """
    shown = workspace.relative(path)
    try:
        content = yaml.safe_load(path.read_bytes())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        what = f"`{name}`: `{shown}` is not YAML: {error.problem or error.context}."
        raise InputFailure(Problem(what, place=place)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
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
