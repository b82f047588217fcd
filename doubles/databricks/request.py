"""What is asked of the double, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any


@dataclass(frozen=True)
class Principal:
    """Who is asking: a user's address, or a service principal's application id."""

    name: str


@dataclass(frozen=True)
class Request:
    """One request, its token already turned into a principal.

    `parts` are the values of the route's `{names}`; `query` holds the last of a repeated parameter.
    """

    verb: str
    path: str
    query_string: str
    query: Mapping[str, str]
    headers: Message
    body: bytes
    principal: Principal = Principal("nobody")
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Any]:
        """The body's JSON object; that it is one is checked by the routes."""
        fields: dict[str, Any] = json.loads(self.body) if self.body else {}
        return fields


@dataclass(frozen=True)
class Answer:
    """A status, headers, and a body: JSON unless it is bytes already."""

    content: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """What goes over the wire."""
        return (
            self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()
        )


class Refusal(Exception):
    """The request is answered with an error."""

    def __init__(
        self, status: int, code: str | int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.answer = Answer({"error_code": code, "message": message}, status, headers or {})


class Violation(Refusal):
    """The request is one that no Databricks API knows: the program under test is at fault."""


def bad_value(message: str) -> Refusal:
    """A value that the service doesn't take."""
    return Refusal(400, "INVALID_PARAMETER_VALUE", message)


def denied(message: str) -> Refusal:
    """A thing that the principal may not do."""
    return Refusal(403, "PERMISSION_DENIED", message)


def missing(message: str, code: str = "RESOURCE_DOES_NOT_EXIST") -> Refusal:
    """A thing that isn't there."""
    return Refusal(404, code, message)
