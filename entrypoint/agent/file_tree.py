"""Folders that travel with the agent, walked with a bound on what there is in them."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime import untrusted_file
from entrypoint.runtime.untrusted_file import Unreadable

_MAX_DEPTH = 50
_GIGABYTE = 10**9


class TooMuch(ValueError):
    """There is more in a folder than can be logged."""


@dataclass
class Budget:
    """How much may be found, in one walk or in several together."""

    size: int
    """In bytes."""
    entries: int = 50_000
    found: int = field(default=0, init=False)
    found_size: int = field(default=0, init=False)

    def spend(self, size: int) -> None:
        """Count one entry.

        Raises:
            TooMuch: there were too many.

        """
        self.found_size += size
        self.found += 1
        if self.found > self.entries:
            raise TooMuch(f"has more than {self.entries:,} files and folders.")
        if self.found_size > self.size:
            raise TooMuch(f"has more than {self.size // _GIGABYTE} GB.")


@dataclass(frozen=True)
class Entry:
    """A file or a folder: its path, and the path that links in it lead to."""

    path: Path
    real: Path
    is_folder: bool


def walk(
    top: Path, budget: Budget, skip: Callable[[Path, Path], bool] = lambda _path, _real: False
) -> Iterator[Entry]:
    """Everything at `top`, a resolved path, and below it: every folder before what is in it.

    Links are followed. `skip` is called first, with an entry's path and the path it leads to. If it
    is true, the entry and what is below it are left out; it may raise a ValueError.

    Raises:
        TooMuch: there are too many entries or bytes, or they nest too deeply.
        ValueError: something is neither a file nor a folder, has a name that isn't UTF-8, or can't
            be read.

    """
    todo = [(top, top, 0)]
    while todo:
        path, at, level = todo.pop()
        real = followed(at)
        if skip(path, real):
            continue
        check_name(path)
        status = real.lstat()
        is_folder = stat.S_ISDIR(status.st_mode)
        if not (is_folder or stat.S_ISREG(status.st_mode)):
            raise ValueError(
                f"`{path.name}` is {untrusted_file.kind(status.st_mode)}, not a file or a folder."
            )
        if not is_folder and not os.access(real, os.R_OK):
            raise ValueError(f"`{path.name}` {untrusted_file.CLOSED}.")
        budget.spend(0 if is_folder else status.st_size)
        yield Entry(path, real, is_folder)
        if is_folder:
            if level == _MAX_DEPTH:
                raise TooMuch(f"nests more than {_MAX_DEPTH} folders deep.")
            names = _names(real, budget.entries + 1)
            todo += [(path / name, real / name, level + 1) for name in reversed(names)]


def _names(folder: Path, most: int) -> list[str]:
    try:
        return untrusted_file.names(folder, most)
    except Unreadable as error:
        raise ValueError(f"{error}.") from error


def check_name(path: Path) -> None:
    """Check that a name can be written into a model's texts: git and Linux take any bytes.

    Raises:
        ValueError: it can't.

    """
    try:
        path.name.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(path.name).decode(errors="backslashreplace")
        raise ValueError(
            f"the name of `{shown}` is not UTF-8, so a model can't have it. Rename the file."
        ) from error


def check_link(path: Path, real: Path, workspace: Workspace) -> None:
    """Check that a path of the workspace may lead to another one, `real`.

    Raises:
        ValueError: that is outside of the workspace, does not exist, or holds the path.

    """
    if path == real:
        return
    if not workspace.holds(real) or not real.exists():
        raise ValueError(f"`{workspace.relative(path)}` is a link out of the workspace.")
    if path.is_relative_to(real):
        raise ValueError(f"`{workspace.relative(path)}` is a link to a folder that it is in.")


def followed(path: Path) -> Path:
    """What a path leads to: itself, unless it is a link.

    Raises:
        ValueError: the link leads round in a circle.

    """
    try:
        return path.resolve() if path.is_symlink() else path
    except (OSError, RuntimeError) as error:
        raise ValueError(f"`{path.name}` is a link that leads nowhere.") from error
