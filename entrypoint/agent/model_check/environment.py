"""What `conda.yaml`, `python_env.yaml` and `requirements.txt` of a model should hold."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from entrypoint.agent.model_check.manifest_view import ManifestView
from entrypoint.agent.model_check.mlmodel import python_version
from entrypoint.agent.model_check.pattern import Rule, shown

_BUILD_TOOL = re.compile(r"(pip|setuptools|wheel)(==[0-9][0-9A-Za-z.+!]*)?")
_CONDA_PIP = re.compile(r"pip(<=[0-9][0-9A-Za-z.+!]*)?")
_SHOWN_LINES = 10


def python_env(view: ManifestView) -> dict[str, Any]:
    """The pattern of `python_env.yaml`."""
    return {
        "python": python_version(view),
        "build_dependencies": Rule("pip, setuptools and wheel", _are_build_tools),
        "dependencies": ["-r requirements.txt"],
    }


def conda(view: ManifestView) -> dict[str, Any]:
    """The pattern of `conda.yaml`."""
    python = python_version(view)

    def are_dependencies(value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) == 3  # noqa: PLR2004 - Python, pip and what pip installs
            and isinstance(value[0], str)
            and value[0].startswith("python=")
            and python.accepts(value[0].removeprefix("python="))
            and isinstance(value[1], str)
            and _CONDA_PIP.fullmatch(value[1]) is not None
            and isinstance(value[2], dict)
            and set(value[2]) == {"pip"}
            and _are_texts(value[2]["pip"])
            and not wrong_lines(value[2]["pip"], view)
        )

    described = f"Python {view.python_version}, pip, and in `pip` the locked requirements"
    return {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": Rule(described, are_dependencies),
    }


def wrong_lines(lines: Iterable[str], view: ManifestView) -> str:
    """In which lines requirements are not the locked ones, for a sentence; empty if they are."""
    lines = list(lines)
    options = [line for line in lines if line.startswith("-")]
    wanted = list(dict.fromkeys(view.index_options))
    if options != wanted:
        return f"has the options {shown(options)}, and should have {shown(wanted)}"
    found = sorted(_written(line) for line in lines if not line.startswith("-"))
    locked = {_written(line) for line in view.requirements}
    too_many = [line for line in found if line not in locked]
    missing = locked - set(found) - _left_out(locked)
    twice = [line for line, count in Counter(found).items() if count > 1]
    said = [
        f"{what} {', '.join(shown(line) for line in sorted(these)[:_SHOWN_LINES])}"
        for what, these in (
            ("has, beside what is locked,", too_many),
            ("lacks the locked", missing),
            ("has twice", twice if len(found) > len(locked) else []),
        )
        if these
    ]
    return " and ".join(said)


def _written(line: str) -> str:
    """A requirement as MLflow writes it, which depends on the `packaging` that it has."""
    try:
        return str(Requirement(line))
    except InvalidRequirement:
        return line


def _left_out(locked: Iterable[str]) -> set[str]:
    """What MLflow takes out: databricks-connect brings a PySpark of its own."""
    names = {line: re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in locked}
    if "databricks-connect" not in names.values():
        return set()
    return {line for line, name in names.items() if name in ("pyspark", "pyspark-connect")}


def _are_build_tools(value: Any) -> bool:
    if not _are_texts(value):
        return False
    found = [_BUILD_TOOL.fullmatch(each) for each in value]
    names = sorted(match[1] if match else "" for match in found)
    return names == ["pip", "setuptools", "wheel"]


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
