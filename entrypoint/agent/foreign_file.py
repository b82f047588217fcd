"""Files in folders into which foreign programs may write: never trusted to be what they should be.

We may be root and they are not: a link planted in the place of a file would make us read, or write,
what they can't.
"""

import os
from pathlib import Path

from entrypoint import untrusted_file
from entrypoint.untrusted_file import Bound, Unreadable

_BOUND = Bound(50_000_000, "No program that is started here writes as much.")


def read(path: Path) -> str:
    """The text of a regular file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it is a link, or something else that isn't a file, or too large.

    """
    try:
        return untrusted_file.read(path, _BOUND).decode(errors="replace")
    except Unreadable as error:
        raise OSError(f"{path.name}: {error}") from error


def write_mark(path: Path) -> int:
    """Open a file that is only there to be there, making it; its descriptor.

    Raises:
        OSError: it is a link, or a pipe that nobody reads.

    """
    return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
