"""The copy of what was built that nobody else can change: it is checked, verified and published.

What foreign programs have made is read once, through descriptors that follow no link, and may be
anything: a link, a pipe that nobody writes to, a file that is all hole.
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

_MOST_ENTRIES = 200_000
_MOST_FOLDERS_DEEP = 50
_BLOCK = 1024 * 1024
# A pipe is not waited for, and a link not followed.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LEFT_OUT = "__pycache__"
_OF_A_MODEL = (
    "A model is made of files and folders alone. Let the agent write what else it needs to a"
    " temporary folder."
)


def make(shared: Path, name: str, target: Path, deadline: Deadline) -> None:
    """Copy the folder `name` in `shared`, into which others may write, to the new folder `target`.

    Only regular files and folders, without bytecode, as ours: nothing of their owner and their mode
    is kept, and no hard link.

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
    """Counts what it copies: `room` is the bytes that are left of the disk."""

    deadline: Deadline
    room: int
    entries: int = field(default=0)

    def folder(self, source: int, target: Path, inside: tuple[str, ...] = ()) -> None:
        if len(inside) > _MOST_FOLDERS_DEEP:
            raise _refused(f"its folders are nested more than {_MOST_FOLDERS_DEEP} deep")
        target.mkdir()
        for name in sorted(os.listdir(source)):
            if name == _LEFT_OUT:
                continue
            self.entries += 1
            if self.entries > _MOST_ENTRIES:
                raise _refused(f"it holds more than {_MOST_ENTRIES} files and folders")
            self.deadline.check("copying the model")
            self._entry(source, name, target, (*inside, name))

    def _entry(self, source: int, name: str, target: Path, inside: tuple[str, ...]) -> None:
        shown = "/".join(inside)
        try:
            descriptor = os.open(name, _FLAGS, dir_fd=source)
        except OSError as error:
            raise _refused(f"`{shown}` {_described(source, name, error)}") from error
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
            # No more than it had: who writes to it could go on for ever.
            while left and (block := os.read(source, min(left, _BLOCK))):
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


def _described(folder: int, name: str, error: OSError) -> str:
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        mode = 0
    return "is a link" if stat.S_ISLNK(mode) else f"can't be read: {error.strerror}"


def _refused(why: str, fix: str = _OF_A_MODEL) -> AgentFailure:
    return AgentFailure(Problem(f"The built model can't be logged: {why}.", fix))
