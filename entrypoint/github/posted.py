"""What became of a text that was posted."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Posted:
    """Where people read it, and what was done."""

    url: str
    did: Literal["created", "updated", "unchanged"]
