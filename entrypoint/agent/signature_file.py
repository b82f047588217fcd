"""The signature that the user gives, in MLflow's format."""

import json
from pathlib import Path

from entrypoint.inputs.workspace import Workspace
from entrypoint.inputs.yaml_file import read_yaml
from entrypoint.runtime.errors import InputFailure, Place, Problem

_PARTS = ("inputs", "outputs", "params")
_EXAMPLE = "inputs:\n  - {name: question, type: string}\noutputs:\n  - {name: answer, type: string}"


def read_signature(path: Path, workspace: Workspace) -> dict[str, str]:
    """The parts as JSON texts, which is how `MLmodel` holds them and MLflow reads them back.

    A part may be such a text, or the list itself; JSON is YAML too.

    Raises:
        InputFailure: it isn't a signature that Unity Catalog takes.

    """
    content = read_yaml("signature", path, workspace)
    shown = workspace.relative(path)
    wrong = [f"`{key}` is not a part of a signature" for key in content if key not in _PARTS]
    wrong += [f"`{key}` is missing" for key in ("inputs", "outputs") if not content.get(key)]
    wrong += [
        f"`{key}` holds what JSON doesn't have, such as a date: put that in quotes"
        for key, value in content.items()
        if not _is_json(value)
    ]
    if wrong:
        raise InputFailure(
            Problem(
                f"`signature`: `{shown}`: {'; '.join(wrong)}.",
                f"The file looks like this:\n\n{_EXAMPLE}",
                Place(shown),
            )
        )
    return {
        part: value if isinstance(value, str) else json.dumps(value)
        for part, value in content.items()
        if value is not None
    }


def _is_json(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
