"""GitHub's answers: each a pydantic model of the fields that are read, and checked."""

import json
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

Kind = TypeVar("Kind")


class Answer(BaseModel):
    """An object of GitHub's: the fields that log-agent reads. Types are not converted."""

    model_config = ConfigDict(strict=True, frozen=True)


def read(kind: type[Kind], body: bytes) -> Kind:
    """The answer's body, which is JSON.

    Raises:
        ValueError: it is of another shape; where, and not what stands there.

    """
    try:
        return TypeAdapter(kind).validate_json(body)
    except ValidationError as error:
        raise ValueError("\n".join(_places(error))) from error


def message(body: bytes, otherwise: str) -> str:
    """What GitHub says about an error, and about each field that is at fault."""
    try:
        answer = json.loads(body)
        said, errors = str(answer["message"]), answer.get("errors")
        return f"{said}: {json.dumps(errors)}" if errors else said
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return otherwise


def _places(error: ValidationError) -> list[str]:
    wrong = error.errors(include_input=False, include_url=False, include_context=False)[:3]
    return [": ".join((".".join(map(str, each["loc"])) or "answer", each["msg"])) for each in wrong]
