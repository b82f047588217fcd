"""Templates, each of them compiled once in a process."""

from typing import TYPE_CHECKING

import jinja2

if TYPE_CHECKING:
    from types import CodeType

    from jinja2.bccache import Bucket


class Compiled(jinja2.BytecodeCache):
    """Shared by environments, of which every report has one of its own."""

    def __init__(self) -> None:
        self._codes: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: "Bucket") -> None:
        """Give back what was compiled, if it was."""
        bucket.code = self._codes.get(bucket.key)

    def dump_bytecode(self, bucket: "Bucket") -> None:
        """Keep what was compiled."""
        if bucket.code:
            self._codes[bucket.key] = bucket.code
