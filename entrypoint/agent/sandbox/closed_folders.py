"""The runner's own folders, and git's, closed to other accounts while the agent runs.

The files in them can be read by every account: the event, the commands to the runner, and what
`actions/checkout` leaves to sign in with.
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from entrypoint.runtime.accounts import agents_account
from entrypoint.runtime.errors import Problem
from entrypoint.runtime.log import Log

_IN_FOLDERS = ("GITHUB_OUTPUT", "GITHUB_EVENT_PATH")
_FOLDERS = ("RUNNER_TEMP", "HOME")
# Of the checkout, and of repositories that are checked out below it.
_OF_GIT = (".git", "*/.git", "*/*/.git")


@contextmanager
def closed_to_others(environ: Mapping[str, str], checkout: Path, log: Log) -> Iterator[None]:
    """Close the folders to all other accounts until the `with` block ends.

    A warning names those that can't be closed, and one that holds the checkout or the folder for
    temporary files, which must stay open. Where the agent has no account of its own, nothing is
    closed. A job that is killed leaves them closed, which doesn't hinder their owner.
    """
    if not agents_account():
        yield
        return
    folders = {Path(environ[name]).parent for name in _IN_FOLDERS if environ.get(name)}
    folders |= {Path(environ[name]) for name in _FOLDERS if environ.get(name)}
    for pattern in _OF_GIT:
        folders.update(checkout.glob(pattern))
    needed = (checkout, Path(tempfile.gettempdir()).resolve())
    with ExitStack() as stack:
        for folder in folders:
            if any(each.is_relative_to(folder.resolve()) for each in needed):
                log.warning(_needed(folder))
            elif not stack.enter_context(_closed(folder)):
                log.warning(_open(folder))
        yield


@contextmanager
def _closed(folder: Path) -> Iterator[bool]:
    """Close one; yields whether it is closed, or doesn't exist."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        yield True
        return
    except OSError:  # a link, or closed to us too
        yield not os.access(folder, os.R_OK)
        return
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    try:
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, mode & ~0o077)
        yield not os.fstat(descriptor).st_mode & 0o077
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _needed(folder: Path) -> Problem:
    return Problem(
        f"The agent can read what is in `{folder}`: the workspace or the folder for temporary files"
        " is in it, so it can't be closed while the agent runs.",
        f"Let the runner have a folder of its own for {' and '.join(_FOLDERS)}, as GitHub's does.",
    )


def _open(folder: Path) -> Problem:
    return Problem(
        f"The agent can read what is in `{folder}`: the folder belongs to another account than the"
        " workspace, so it can't be closed while the agent runs.",
        "Leave the workspace to the runner's account: no step should change its owner.",
    )
