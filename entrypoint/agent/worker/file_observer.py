"""Notes which files of the checkout the agent's code reads while it is built."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from .agent_code import is_agents

if TYPE_CHECKING:
    from types import FrameType

# So that the notes fit into a verdict, whatever the agent does.
_MAX_READS = 50
_MAX_PATH_CHARACTERS = 1000
_CODE = (".py", ".pyc")


def begin(checkout: str, agent_folders: list[str]) -> list[dict[str, Any]]:
    """Note reads from now on, as dicts of path, file and line, in the list returned.

    `checkout` and `agent_folders` end with a separator; `file` and `line` are the code that reads.
    """
    noted: list[dict[str, Any]] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or len(noted) >= _MAX_READS:
            return
        with contextlib.suppress(Exception):  # an agent's file opens, whatever the note comes to
            path = _read_path(*arguments)
            place = path and path.startswith(checkout) and _place(agent_folders)
            known = [each["path"] for each in noted]
            if place and path not in known and os.path.isfile(path):
                noted.append({"path": path, "file": place[0], "line": place[1]})

    sys.addaudithook(hook)
    return noted


def _read_path(path: Any, mode: str | None, _flags: int) -> str:
    """The absolute path of what is opened for reading, empty for anything else."""
    if isinstance(path, int) or (mode and set(mode) & set("wax+")):
        return ""
    found = os.path.abspath(os.fsdecode(path))
    is_noted = len(found) <= _MAX_PATH_CHARACTERS and not found.startswith(sys.prefix)
    return found if is_noted and not found.endswith(_CODE) else ""


def _place(agent_folders: list[str]) -> tuple[str, int] | None:
    """The line of the agent's code that is under way."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - as the standard library does
    while frame:
        file = frame.f_code.co_filename
        if is_agents(file, agent_folders):
            return file, frame.f_lineno
        frame = frame.f_back
    return None
