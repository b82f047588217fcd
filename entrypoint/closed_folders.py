"""The runner's own folders, and git's, closed to the agent while it runs.

The files in them can be read by every account: the event, the commands to the runner, and what
`actions/checkout` leaves to sign in with.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from entrypoint.accounts import agents_account

_IN_FOLDERS = ("GITHUB_OUTPUT", "GITHUB_EVENT_PATH")
_FOLDERS = ("RUNNER_TEMP", "HOME")
# Of the checkout, and of others that are checked out beside it or in it.
_OF_GIT = (".git", "*/.git", "*/*/.git")


@contextmanager
def closed_to_others(environ: Mapping[str, str], checkout: Path) -> Iterator[None]:
    """Let nobody but their owner into the folders, as long as `with` lasts.

    Does nothing where the agent has no account of its own. A job that is killed leaves them closed:
    their owner isn't hindered.
    """
    if not agents_account():
        yield
        return
    folders = {Path(environ[name]).parent for name in _IN_FOLDERS if environ.get(name)}
    folders |= {Path(environ[name]) for name in _FOLDERS if environ.get(name)}
    for pattern in _OF_GIT:
        folders.update(checkout.glob(pattern))
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(_closed(folder))
        yield


@contextmanager
def _closed(folder: Path) -> Iterator[None]:
    """Close one, if it is ours."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    except OSError:
        yield
        return
    mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    try:
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, mode & ~0o077)
        yield
        with contextlib.suppress(PermissionError):
            os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)
