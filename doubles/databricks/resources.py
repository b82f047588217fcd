"""Which resources there are, and the APIs that look them up."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from doubles.databricks.kinds import KINDS
from doubles.databricks.request import Answer, Request, bad_value, denied
from doubles.databricks.routes import Route

_PAGE = 2
_LISTED = frozenset({"catalog_name", "schema_name", "max_results", "page_token"})


class Resources:
    """What is there, and what is there but not for the one who asks."""

    def __init__(self) -> None:
        self._found: set[tuple[str, str]] = set()
        self._denied: set[tuple[str, str]] = set()
        self._fields: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, kind: str, *names: str, **fields: Any) -> None:
        """Let resources be there; `kind` as in the resources file.

        `fields`: what the API answers else or besides. A Genie space's `serialized_space` is for
        those who may edit it: whoever asks for a space without one may only view it.
        """
        self._found |= {(kind, name) for name in names if KINDS[kind]}
        self._fields |= {(kind, name): fields for name in names}

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
        yield Route("GET", "/api/2.1/unity-catalog/functions", self._functions, query=_LISTED)

    def _look_up(self, kind: str, request: Request) -> Answer:
        self.check(kind, request.parts["name"])
        fields = self._fields.get((kind, name := request.parts["name"]), {})
        if kind == "genie_space":
            if request.query.get("include_serialized_space") != "true":
                fields = {key: fields[key] for key in fields if key != "serialized_space"}
            elif "serialized_space" not in fields:
                raise denied(f'You need "Can Edit" permission to perform this action: {name}')
        return Answer(KINDS[kind].found(name) | fields)

    def _functions(self, request: Request) -> Answer:
        """A page of a schema's functions."""
        schema = f"{request.query['catalog_name']}.{request.query['schema_name']}"
        if ("function", f"{schema}.*") in self._denied:
            raise denied(f"User does not have USE SCHEMA on Schema '{schema}'.")
        names = sorted(
            name
            for kind, name in self._found
            if kind == "function" and name.startswith(f"{schema}.")
        )
        start = int(request.query.get("page_token", 0))
        end = start + _PAGE
        page: dict[str, Any] = {
            "functions": [KINDS["function"].found(name) for name in names[start:end]]
        }
        return Answer(page | ({"next_page_token": str(end)} if end < len(names) else {}))
