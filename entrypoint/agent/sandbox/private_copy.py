"""The copy of the built model that the agent can't change: it is checked, verified and published.

The folder in which the agent has built it is read once, through descriptors that follow no link,
for anything may be in it: a link, a pipe that nobody writes to, a sparse file of any size.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from entrypoint.runtime.deadline import Deadline
from entrypoint.runtime.errors import AgentFailure, Problem

_MAX_ENTRIES = 200_000
_MAX_FOLDER_DEPTH = 50
_BLOCK_BYTES = 1024 * 1024
# O_NONBLOCK: opening a pipe to which nobody writes must not wait.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LEFT_OUT = "__pycache__"
_ONLY_FILES = (
    "A model is made of files and folders alone. Let the agent write what else it needs to a"
    " temporary folder."
)


def make(shared: Path, name: str, target: Path, deadline: Deadline) -> None:
    """Copy the folder `name` in `shared`, into which others may write, to the new folder `target`.

    Only regular files and folders are copied, without bytecode. The copies belong to this process;
    neither owner nor mode nor hard links are kept.

    Raises:
        AgentFailure: something else is in it, or more than there is room for.
        TimedOut: the deadline passed.

    """
    copy = _Copy(deadline, shutil.disk_usage(target.parent).free)
    try:
        with _opened(name, os.open(shared, _FLAGS | os.O_DIRECTORY)) as folder:
            copy.folder(folder, target)
    except OSError as error:
        raise _refused(f"`{name}` can't be copied: {error.strerror}") from error


@dataclass
class _Copy:
    """Copies, and counts what it has copied: `room` is the bytes that are free on the disk."""

    deadline: Deadline
    room: int
    entries: int = field(default=0)

    def folder(self, source: int, target: Path, inside: tuple[str, ...] = ()) -> None:
        if len(inside) > _MAX_FOLDER_DEPTH:
            raise _refused(f"its folders are nested more than {_MAX_FOLDER_DEPTH} deep")
        target.mkdir()
        for name in sorted(os.listdir(source)):
            if name == _LEFT_OUT:
                continue
            self.entries += 1
            if self.entries > _MAX_ENTRIES:
                raise _refused(f"it holds more than {_MAX_ENTRIES} files and folders")
            self.deadline.check("copying the model")
            self._entry(source, name, target, (*inside, name))

    def _entry(self, source: int, name: str, target: Path, inside: tuple[str, ...]) -> None:
        shown = "/".join(inside)
        try:
            descriptor = os.open(name, _FLAGS, dir_fd=source)
        except OSError as error:
            raise _refused(f"`{shown}` {_why_unreadable(source, name, error)}") from error
        with _closing(descriptor):
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                self.folder(descriptor, target / name, inside)
            elif stat.S_ISREG(status.st_mode):
                self._file(descriptor, status.st_size, target / name, shown)
            else:
                raise _refused(f"`{shown}` is neither a file nor a folder")

    def _file(self, source: int, size: int, target: Path, shown: str) -> None:
        if size > self.room:
            raise _refused(
                f"`{shown}` has {size // 2**20} MB, and there is room for {self.room // 2**20} MB",
                "Leave it out of the model, or take a runner with a larger disk.",
            )
        with target.open("xb") as file:
            left = size
            # No more than it had when it was opened: it may grow without end.
            while left and (block := os.read(source, min(left, _BLOCK_BYTES))):
                file.write(block)
                left -= len(block)
        self.room -= size


@contextmanager
def _opened(name: str, parent: int) -> Iterator[int]:
    with _closing(parent):
        descriptor = os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=parent)
        with _closing(descriptor):
            yield descriptor


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def _why_unreadable(folder: int, name: str, error: OSError) -> str:
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        mode = 0
    return "is a link" if stat.S_ISLNK(mode) else f"can't be read: {error.strerror}"


def _refused(why: str, fix: str = _ONLY_FILES) -> AgentFailure:
    return AgentFailure(Problem(f"The built model can't be logged: {why}.", fix))
