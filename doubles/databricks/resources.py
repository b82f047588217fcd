"""Which resources there are, and the APIs that look them up."""

import re
from collections.abc import Iterator
from functools import partial

from doubles.databricks.kinds import KINDS
from doubles.databricks.request import Answer, Request, bad_value, denied
from doubles.databricks.routes import Route


class Resources:
    """What is there, and what is there but not for the one who asks."""

    def __init__(self) -> None:
        self._found: set[tuple[str, str]] = set()
        self._denied: set[tuple[str, str]] = set()

    def add(self, kind: str, *names: str) -> None:
        """Let resources be there; `kind` as in the resources file."""
        self._found |= {(kind, name) for name in names if KINDS[kind]}

    def deny(self, kind: str, *names: str) -> None:
        """Let nobody look at resources."""
        self._denied |= {(kind, name) for name in names if KINDS[kind]}

    def has(self, kind: str, name: str) -> bool:
        return (kind, name) in self._found

    def check(self, kind: str, name: str) -> None:
        """Hold a name against what is there.

        Raises:
            Refusal: as the kind's API says it.

        """
        known = KINDS[kind]
        if not re.fullmatch(known.pattern, name):
            raise bad_value(known.malformed.format(name=name))
        if (kind, name) in self._denied:
            raise denied(f"User does not have permission to view {kind} '{name}'.")
        if not self.has(kind, name):
            raise known.missing(name)

    def routes(self) -> Iterator[Route]:
        for kind, known in KINDS.items():
            yield Route("GET", known.path, partial(self._look_up, kind), query=known.query)

    def _look_up(self, kind: str, request: Request) -> Answer:
        self.check(kind, request.parts["name"])
        return Answer(KINDS[kind].found(request.parts["name"]))
