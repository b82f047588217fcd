"""What the agent's process says of the exception that the agent raised."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from entrypoint.agent.build_spec import BuildSpec
from entrypoint.runtime.errors import Place

_Text = Annotated[str, Field(max_length=20_000)]
Step = Literal["load", "example", "predict", "answer", "stream"]
_Line = Annotated[int, Field(ge=0, le=10**9)]


@dataclass(frozen=True)
class MissingModule:
    """What an import lacks; `package` and `version` have the rest of the module.

    `name`: of `from module import name`. `by_package`: no code of the agent imports it, but that of
    a package in its environment. `required_by`: all that require the package, by any number
    of steps.
    """

    module: _Text
    name: _Text | None = None
    by_package: bool = False
    package: _Text | None = None
    version: _Text | None = None
    required_by: Annotated[tuple[_Text, ...], Field(max_length=50)] = ()


@dataclass(frozen=True)
class AgentError:
    """An exception of the agent; `worker/failures.py` writes it, after the agent's code ran.

    `step`: what was done with the agent just then (`worker/agent_calls.py`). `reason`: the first
    line that says something, `text`: the exception and its causes. `frames`: file, line, function
    and code of the calls in the agent's folders; `place`: file and line. `mistake`: the kind of a
    `Mistake` and the name of what it is about. `variable`: of the environment, and not set.
    """

    step: Step
    type: _Text
    reason: _Text
    text: _Text
    frames: Annotated[tuple[tuple[_Text, _Line | None, _Text, _Text], ...], Field(max_length=50)]
    place: tuple[_Text, _Line | None] | None
    mistake: tuple[Literal["class", "async", "object"], _Text] | None
    missing: MissingModule | None
    missing_file: _Text | None
    variable: _Text | None
    needs_login: bool
    no_model_set: bool


@dataclass(frozen=True)
class Checkout:
    """Finds the files of the checkout of which the agent's process has copies.

    `copies`: where the model directory was built and loaded.
    """

    spec: BuildSpec
    copies: tuple[Path, ...]

    def place(self, file: str, line: int | None) -> Place | None:
        """The place of a line; None for a file that is none of the agent's."""
        # The agent's process says it, so `..` may be in it.
        path, spec = Path(os.path.normpath(file)), self.spec
        if path == spec.code:
            return spec.source.place(line)
        for model in self.copies:
            if path.is_relative_to(model):
                return spec.place(path.relative_to(model), line)
        if path.is_relative_to(spec.code_paths.folder):
            return spec.place("code" / path.relative_to(spec.code_paths.folder), line)
        if spec.workspace.holds(path):
            return Place(spec.workspace.relative(path), line)
        return None

    def relative(self, file: str) -> str:
        """A file as the user would write it, from the model's folder if it is only there."""
        if place := self.place(file, None):
            return place.file
        for folder in (*self.copies, self.spec.code_paths.folder.parent):
            if Path(file).is_relative_to(folder):
                return Path(file).relative_to(folder).as_posix()
        return file

    def shown(self, text: str) -> str:
        """A text with the checkout's files in place of their copies."""
        folders = (*self.copies, self.spec.code_paths.folder, self.spec.code)
        known = "|".join(re.escape(str(folder)) for folder in folders)
        # A path ends where no path goes on.
        text = re.sub(rf"(?:{known})(?:/[\w./-]*\w)?", lambda it: self.relative(it[0]), text)
        return text.replace(f"{self.spec.workspace.root}/", "")

    def missing(self, file: str) -> Path | None:
        """The file of the checkout that the agent looked for in the model, or where it was run."""
        spec, path = self.spec, Path(os.path.normpath(file))
        for folder in self.copies:
            if path.is_relative_to(folder):
                path = path.relative_to(folder)
        # An absolute path is one in the agent's home, or in the folder where it is verified.
        name = path.name if path.is_absolute() else path
        for folder in (spec.agent.parent, spec.workspace.root):
            found = Path(os.path.normpath(folder / name))
            if spec.workspace.holds(found) and os.path.lexists(found):
                return found
        return None


def traceback(error: AgentError, checkout: Checkout) -> str:
    """The agent's part of the traceback, with the files of the checkout."""
    lines = [line for frame in error.frames for line in _frame(frame, checkout)]
    heading = ["Traceback (the agent's part):"] if lines else []
    return "\n".join([*heading, *lines, checkout.shown(error.text).rstrip()])


def _frame(frame: tuple[str, int | None, str, str], checkout: Checkout) -> Iterable[str]:
    file, line, function, code = frame
    spec = checkout.spec
    place = checkout.place(file, line)
    is_agent = place is not None and place.file == spec.shown
    spot = spec.source.spot(line) if is_agent and line else f"line {line}"
    yield f'  File "{checkout.relative(file)}", {spot}, in {function}'
    if code:
        yield f"    {code}"
