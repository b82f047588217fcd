"""Files that a stranger may have made: read as data, whatever was put in their place.

A pipe would make the program wait for ever, a device never ends, and a link leads to what the
stranger can't read and a privileged process can.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)
# To go through it, which needs no right to list it; only Linux has that.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Bound:
    """How large a kind of file may be, in bytes, and what to do about a larger one."""

    size: int
    advice: str


CLOSED = (
    "is closed to log-agent. Open it in a step before this one, with `sudo chmod -R a+rX` and its"
    " path"
)
_WRITTEN_BY_A_PROGRAM = Bound(50_000_000, "No program that is started here writes as much.")


class Unreadable(ValueError):
    """It isn't a regular file of the size that its kind may have; the text says why."""


def read(path: Path, bound: Bound) -> bytes:
    """The content of a regular file.

    `path` is absolute and resolved. Each of its parts is opened by itself, so one that has become a
    link since then is refused, wherever it leads.

    Raises:
        FileNotFoundError: there is none.
        Unreadable: it is something else, a part of the path is a link, or it is too large.

    """
    with os.fdopen(opened(path), "rb") as file:
        # One more than it may have: it can grow while it is read.
        content = file.read(bound.size + 1)
    if len(content) > bound.size:
        raise Unreadable(f"it is larger than {_readable(bound.size)}. {bound.advice}")
    return content


def read_text(path: Path) -> str:
    """The text of a file in a folder into which another program writes; `path` as for `read`.

    Raises:
        FileNotFoundError: there is none.
        Unreadable: as for `read`; larger than 50 MB.

    """
    return read(path, _WRITTEN_BY_A_PROGRAM).decode(errors="replace")


def opened(path: Path) -> int:
    """A descriptor of a regular file, to read from; `path` as for `read`.

    Raises:
        FileNotFoundError: there is none.
        Unreadable: it is something else, or a part of the path is a link.

    """
    with folder(path.parent) as parent:
        # Not blocking: nobody may ever write to what could be a pipe.
        descriptor = _open_in(parent, path.name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise Unreadable(f"it is {kind(mode)}, not a file")
    return descriptor


def names(path: Path, most: int) -> list[str]:
    """The names of what is in a folder, sorted; of `most` entries at most. `path` as for `read`.

    Raises:
        FileNotFoundError: there is none.
        Unreadable: it is something else, or a part of the path is a link.

    """
    with folder(path.parent) as descriptor:
        listed = _open_in(descriptor, path.name, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(listed) as entries:
            return sorted(entry.name for entry in islice(entries, most))
    finally:
        os.close(listed)


@contextmanager
def folder(path: Path) -> Iterator[int]:
    """A descriptor of a folder, to open what is in it; `path` as for `read`.

    Raises:
        FileNotFoundError: there is none.
        Unreadable: it is something else, or a part of the path is a link.

    """
    if not path.is_absolute():
        raise Unreadable(f"`{path}` is not an absolute path")
    descriptor = os.open("/", _FOLDER)
    try:
        for part in path.parts[1:]:
            inner = _open_in(descriptor, part, _FOLDER)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def kind(mode: int) -> str:
    """What something that isn't a regular file is, for a sentence."""
    return next((name for is_one, name in _KINDS if is_one(mode)), "a device")


def _open_in(folder: int, name: str, flags: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise Unreadable(f"`{name}` {CLOSED}") from error
    except (OSError, ValueError) as error:
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except (OSError, ValueError):
            mode = stat.S_IFREG
        if stat.S_ISREG(mode):
            raise Unreadable(f"`{name}` can't be opened ({error.__class__.__name__})") from error
        raise Unreadable(f"`{name}` is {kind(mode)}") from error


def _readable(size: int) -> str:
    return f"{size // _MEGABYTE} MB" if size >= _MEGABYTE else f"{size // 1000} kB"
