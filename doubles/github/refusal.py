"""GitHub's errors."""

from collections.abc import Mapping, Sequence
from typing import Any

from doubles.databricks.request import Answer


class Refusal(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, message: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        content = {
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(status),
        }
        self.answer = Answer({**content, "errors": list(errors)} if errors else content, status)


def invalid(resource: str, field: str, message: str) -> Refusal:
    """A field with a value that GitHub doesn't take."""
    error = {"resource": resource, "code": "custom", "field": field, "message": message}
    return Refusal(422, "Validation Failed", [error])


def not_found() -> Refusal:
    """A thing that isn't there."""
    return Refusal(404, "Not Found")
