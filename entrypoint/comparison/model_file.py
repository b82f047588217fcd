"""Files of a model, as they are compared: by size and hash."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from entrypoint.runtime import untrusted_file
from entrypoint.runtime.untrusted_file import Bound


@dataclass(frozen=True)
class File:
    """A file of a model: its size in bytes, and its hash, empty where that isn't known."""

    size: int
    sha256: str = ""


@dataclass(frozen=True)
class Artifact:
    """An artifact's place in the model, or its URI; empty where only its name is known.

    `files` is None where they aren't known.
    """

    place: str = ""
    files: Mapping[str, File] | None = None

    @property
    def size(self) -> int | None:
        """Bytes, None where they aren't known."""
        return None if self.files is None else sum(each.size for each in self.files.values())


def content_of(path: Path, max_bytes: int) -> bytes | None:
    """The content of a regular file of at most so many bytes; None for anything else."""
    try:
        resolved = Path(os.path.realpath(path.parent), path.name)
        return untrusted_file.read(resolved, Bound(max_bytes, ""))
    except (OSError, ValueError):
        return None
