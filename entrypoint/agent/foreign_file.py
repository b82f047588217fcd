"""Files in folders into which foreign programs may write: never trusted to be what they should be.

We may be root and they are not: a link planted in the place of a file would make us read, or write,
what they can't.
"""

import os
import stat
from pathlib import Path

_LARGEST = 50_000_000


def read(path: Path) -> str:
    """The text of a regular file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it is a link, or something else that isn't a file, or too large.

    """
    # Not blocking: nobody may ever write to what could be a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise OSError(f"{path.name} is not a file of a plausible size")
        return file.read()


def write_mark(path: Path) -> int:
    """Open a file that is only there to be there, making it; its descriptor.

    Raises:
        OSError: it is a link, or a pipe that nobody reads.

    """
    return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
