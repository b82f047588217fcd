"""Data that somebody else wrote: taken when it is what it should be, and left otherwise."""

import os
import stat
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

Part = TypeVar("Part")

_MOST_CHARACTERS = 20_000_000
_DEEPEST = 100


def content_of(path: Path, most: int) -> bytes | None:
    """A regular file of at most so many bytes; None for anything else."""
    try:
        # Not through a link, and not waiting for whoever would write to a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > most:
                return None
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(most)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return None


def part(kind: type[Part], value: object) -> Part | None:
    """The value, if it is of the kind; types are not converted."""
    try:
        return TypeAdapter(kind).validate_python(value, strict=True)
    except (ValidationError, RecursionError):
        return None


def is_small(value: object, most: int) -> bool:
    """Whether what comes from YAML or JSON can be walked: at most so many values, and not deep.

    YAML's aliases make of a small file what no memory holds, or what has no end.
    """
    values = characters = 0
    left: list[tuple[Any, int]] = [(value, 0)]
    while left:
        each, depth = left.pop()
        values += 1
        if isinstance(each, str | bytes):
            characters += len(each)
        if values > most or characters > _MOST_CHARACTERS or depth > _DEEPEST:
            return False
        if isinstance(each, dict):
            left += [(item, depth + 1) for pair in each.items() for item in pair]
        elif isinstance(each, list | tuple | set):
            left += [(item, depth + 1) for item in each]
    return True
