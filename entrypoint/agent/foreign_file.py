"""Files in folders into which foreign programs may write: never trusted to be what they should be.

A link planted in the place of a file would make us read what they can't.
"""

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
