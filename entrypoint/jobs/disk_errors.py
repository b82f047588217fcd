"""Full and read-only disks: which folder it is, and what to do about it.

Nothing on the way knows better: the same error comes from Python, from uv, from SQLite and from the
agent, and mostly without the name of a file.
"""

import errno
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from entrypoint.jobs.context import Job
from entrypoint.registry.stores import FOLDER
from entrypoint.runtime.errors import (
    AgentFailure,
    EnvironmentFailure,
    Failure,
    InputFailure,
    Problem,
)

_MAKE_ROOM = (
    "Make room in a step before this one, for example by removing what the job doesn't need, or"
    " take a runner with a larger disk."
)
# What the system refuses with, and what to do about it.
_REFUSALS = {
    errno.ENOSPC: ("The disk is full", _MAKE_ROOM),
    errno.EDQUOT: ("The disk quota is used up", _MAKE_ROOM),
    errno.EFBIG: ("A file may not grow any larger", "Raise the runner's limit (`ulimit -f`)."),
    errno.EROFS: ("The file system is read-only", "Mount it so that the job may write."),
    errno.EIO: ("The disk fails", "Run the job again, on another runner if it fails there too."),
}
_OF_SQLITE = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_IOERR: errno.EIO}
# As Python, and Rust's library, which is uv's, write an error's number.
_NUMBER = re.compile(r"\[Errno (\d+)\]|\(os error (\d+)\)")


def explain(error: BaseException, job: Job) -> Problem | None:
    """The problem, if it is that a disk takes no more; None if it is another one.

    What a store says is no evidence: its disk may be the one that is full.
    """
    said = ""
    if isinstance(error, Failure):
        said = "\n".join(
            part for problem in error.problems for part in (problem.what, problem.detail) if part
        )
    number, path = next(_refusals(error), (0, ""))
    if not number and isinstance(error, (AgentFailure, EnvironmentFailure)):
        found = (int(match[1] or match[2]) for match in _NUMBER.finditer(said))
        number = next((each for each in found if each in _REFUSALS), 0)
    if not number:
        return None
    return _problem(number, path, said or str(error), job)


def check_writable(input_name: str, folder: Path, job: Job) -> None:
    """See that the folder which an input names can be written, or made.

    Raises:
        InputFailure: it can't, and why.

    """
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        why = "the file system is read-only"
    else:
        why = f"`{there}` is closed to the account of log-agent (uid {os.geteuid()})"
    raise InputFailure(
        Problem(
            f"`{input_name}`: `{job.workspace.relative(folder)}` can't be written: {why}.",
            "Let the job work in a checkout that it may write, or leave"
            f" `{input_name}` out where nothing has to be kept in it.",
        )
    )


def _refusals(error: BaseException) -> Iterator[tuple[int, str]]:
    """Number and file of what the system refused, as far as it is among the causes."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        # SQLAlchemy has the database's own error as `orig`.
        for each in (cause, getattr(cause, "orig", None)):
            if isinstance(each, OSError) and each.errno in _REFUSALS:
                yield each.errno, str(each.filename or "")
            # The lower byte: the rest tells more exactly where. https://sqlite.org/rescode.html
            elif (code := getattr(each, "sqlite_errorcode", 0) & 0xFF) in _OF_SQLITE:
                yield _OF_SQLITE[code], ""
        cause = cause.__cause__ or cause.__context__


def _problem(number: int, path: str, said: str, job: Job) -> Problem:
    what, fix = _REFUSALS[number]
    name, folder = _folder(path, said, job)
    free = f", {_free(folder) / 2**20:.1f} MB free" if folder.exists() else ""
    return Problem(f"{what}: {name} (`{folder}`{free}).", fix, detail=said)


def _folder(path: str, said: str, job: Job) -> tuple[str, Path]:
    """The folder that is meant: the one that is named, else the one with the least room."""
    folders = {folder: name for folder, name in _written(job) if folder.is_dir()}
    named = [folder for folder in folders if f"{folder}{os.sep}" in (path or said)]
    if named:
        folder = max(named, key=lambda each: len(str(each)))
    elif path or not folders:
        return "a folder", Path(path or os.sep).parent
    else:
        folder = min(folders, key=_free)
    return folders[folder], folder


def _free(folder: Path) -> int:
    """Bytes."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _written(job: Job) -> Iterator[tuple[Path, str]]:
    """Where a job writes, with a name for it."""
    yield job.workspace.root, "the workspace"
    with suppress(FileNotFoundError):
        yield Path(tempfile.gettempdir()), "the folder for temporary files, TMPDIR"
    yield job.workspace.root / FOLDER, "the folder of `tracking-uri`, the embedded store"
    for name in ("cache-dir", "report-path"):
        if given := job.texts.get(name, "").strip():
            yield job.workspace.root / given, f"the folder of `{name}`"
