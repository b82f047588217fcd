"""Texts of inputs, converted and checked."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from entrypoint.inputs.declarations import INPUTS
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime import json_text
from entrypoint.runtime.errors import Place, Problem
from entrypoint.runtime.untrusted_file import Bound

Value = TypeVar("Value")

# A scheme of at least two letters (`c:` is a drive) and a colon, as in `models:/m-1`.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_EXAMPLE = Bound(10_000_000, "Give one short conversation: it is published with every version.")
_VERSION = re.compile(r"3\.\d+(\.\d+)?")


@dataclass(frozen=True)
class InputExample:
    """The example, and the file it came from (none when it was given in the workflow)."""

    value: Any
    path: Path | None = None


class Reader:
    """Converts one input after the other and keeps every problem."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._defaults = {declared.name: declared.default for declared in INPUTS}
        self._problems: dict[str, Problem] = {}

    @property
    def problems(self) -> list[Problem]:
        """What is wrong, in the order in which the inputs are declared."""
        return [self._problems[name] for name in self._defaults if name in self._problems]

    def required(
        self, name: str, convert: Callable[[str], Value], example: str = ""
    ) -> Value | None:
        if not self._text(name):
            self._problems[name] = Problem(
                f"`{name}` is required.",
                f"Add it to the step:\n\n    with:\n      {name}: {example}",
            )
            return None
        return self.optional(name, convert)

    def optional(self, name: str, convert: Callable[[str], Value]) -> Value | None:
        text = self._text(name)
        if not text:
            return None
        try:
            return convert(text)
        except _Misplaced as error:
            self._problems[name] = Problem(f"`{name}`: {error}", place=error.place)
        except ValueError as error:
            self._problems[name] = Problem(f"`{name}`: {error}")
        return None

    def given(self, name: str) -> str:
        """The text as it was given; without the default."""
        return self._texts.get(name, "").strip()

    def _text(self, name: str) -> str:
        return self.given(name) or self._defaults[name]


class _Misplaced(ValueError):
    """A value is wrong at a place in a file."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


def agent(text: str, workspace: Workspace) -> Path:
    """Read the path of a file that may define an agent."""
    path = workspace.file(text)
    if path.suffix not in (".py", ".ipynb"):
        raise ValueError(
            f"`{text}` is not a Python file. Name the `.py` file or the `.ipynb` notebook that"
            " calls `mlflow.models.set_model(...)`."
        )
    return path


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """Make a converter that takes one of a few words."""

    def convert(text: str) -> str:
        if text not in choices:
            allowed = ", ".join(f"`{choice}`" for choice in choices)
            raise ValueError(f"`{text}` is not one of {allowed}.")
        return text

    return convert


def lines(text: str) -> tuple[str, ...]:
    """Read the lines that hold something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Read `key=value` lines."""
    found = [line.partition("=") for line in lines(text)]
    if wrong := [f"`{key}`" for key, separator, _ in found if not separator]:
        raise ValueError(f"{', '.join(wrong)}: not `key=value`.")
    return tuple((key.strip(), value.strip()) for key, _, value in found)


def each(text: str, convert: Callable[[str], Value]) -> tuple[Value, ...]:
    """Convert every line, and say everything that is wrong with any."""
    values, wrong = [], []
    for line in lines(text):
        try:
            values.append(convert(line))
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        raise ValueError(" ".join(wrong))
    return tuple(values)


def artifacts(text: str, workspace: Workspace) -> tuple[tuple[str, Path | str], ...]:
    """Read `name=path` lines; a URI stays as it is."""

    def artifact(line: str) -> tuple[str, Path | str]:
        ((name, place),) = pairs(line)
        if not (name and place):
            raise ValueError(f"`{line}` is not `name=path`.")
        return name, place if _URI.match(place) else workspace.existing(place)

    found = each(text, artifact)
    names = [name for name, _ in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"`{twice[0]}` is given twice.")
    return found


def python_version(text: str) -> str:
    """Read a version of Python: `3.12`, `3.12.8`."""
    if not _VERSION.fullmatch(text):
        raise ValueError(f"`{text}` is not a version of Python, for example `3.11`.")
    return text


def seconds(text: str) -> float:
    """Read a number of minutes, as seconds."""
    wanted = f"`{text}` is not a number of minutes above 0, for example `30`."
    try:
        minutes = float(text)
    except ValueError:
        raise ValueError(wanted) from None
    if not 0 < minutes < float("inf"):
        raise ValueError(wanted)
    return minutes * 60


def input_example(text: str, workspace: Workspace) -> InputExample:
    """Read JSON, or the path of a file with JSON."""
    if text.lstrip("\ufeff")[:1] in tuple('{["'):
        try:
            return InputExample(json_text.parse(text.lstrip("\ufeff")))
        except ValueError as error:
            raise ValueError(f"not JSON: {error}.") from error
    path = workspace.file(text)
    content = workspace.read(path, _EXAMPLE)
    try:
        return InputExample(json_text.parse(json_text.decoded(content)), path)
    except json.JSONDecodeError as error:
        place = Place(workspace.relative(path), error.lineno, error.colno)
        raise _Misplaced(f"`{text}` is not JSON: {error.msg}.", place) from error
    except ValueError as error:  # no UTF-8, too deep, a number of thousands of digits
        place = Place(workspace.relative(path))
        raise _Misplaced(f"`{text}` is not JSON: {error}.", place) from error
