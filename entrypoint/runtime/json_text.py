"""JSON from outside, of a depth with which everything that goes on with it can deal."""

import json
from collections.abc import Iterable
from typing import Any

# Arrays and objects in each other; what reads and writes JSON mostly goes down by recursion.
MOST_LEVELS = 100


class TooDeep(ValueError):
    """It nests more than `MOST_LEVELS` deep."""

    def __init__(self) -> None:
        super().__init__(f"it nests more than {MOST_LEVELS} levels deep")


def decoded(content: bytes) -> str:
    """A JSON file's text, whatever kind of UTF it has, without a byte order mark.

    Raises:
        UnicodeDecodeError: it has none.

    """
    return content.decode(json.detect_encoding(content))


def parse(text: str) -> Any:
    """A JSON text's value.

    Raises:
        json.JSONDecodeError: it is none, with the place where it stops being one.
        ValueError: it nests too deeply, or holds a number of thousands of digits.

    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise TooDeep from error
    check_depth(value)
    return value


def check_depth(value: Any) -> None:
    """Refuse a value that nests too deeply.

    Raises:
        TooDeep: it does.

    """
    level = _containers([value])
    for _ in range(MOST_LEVELS):
        if not level:
            return
        level = _containers(
            part
            for container in level
            for part in (container.values() if isinstance(container, dict) else container)
        )
    if level:
        raise TooDeep


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]
