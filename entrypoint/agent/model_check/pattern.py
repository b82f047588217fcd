"""What a metadata file of a model should hold, and the ways in which it doesn't."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from entrypoint.agent.canonical_json import canonical

_SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class Rule:
    """A value that isn't known, but must be of a kind; `described` finishes "it should be"."""

    described: str
    accepts: Callable[[Any], bool]


@dataclass(frozen=True)
class Optional:
    """A value that may be left out."""

    expected: Any


def text_or_absent() -> Optional:
    """A text that only describes the model: nothing is loaded by it."""
    return Optional(Rule("a text", lambda value: isinstance(value, str)))


def flag_or_absent() -> Optional:
    """A flag, likewise."""
    return Optional(Rule("true or false", lambda value: isinstance(value, bool)))


def differences(file: str, found: Any, expected: Any, where: str = "") -> Iterator[str]:
    """Compare what a file holds with what it should hold: a sentence for each key that differs.

    `expected` is a mapping of such values, a list or a scalar to be equal to, a `Rule` or an
    `Optional`. `null` is like nothing, as it is to MLflow; what isn't expected must be that.
    """
    if isinstance(expected, Optional):
        if found is None:
            return
        expected = expected.expected
    if isinstance(expected, Rule):
        if not expected.accepts(found):
            yield _sentence(file, where, found, expected.described)
    elif isinstance(expected, dict):
        if not isinstance(found, dict):
            yield _sentence(file, where, found, shown(_plain(expected)))
            return
        for key in {**expected, **found}:
            inner = f"{where}.{_key(key)}" if where else _key(key)
            yield from differences(file, found.get(key), expected.get(key), inner)
    elif not same(found, expected):
        yield _sentence(file, where, found, shown(_plain(expected)))


def same(one: Any, other: Any) -> bool:
    """Whether two values of YAML or JSON are equal, `true` not being 1."""
    return canonical(one) == canonical(other)


def shown(value: Any) -> str:
    """A value of YAML or JSON on one line, without characters that a terminal would obey."""
    if value is None:
        return "absent"
    text = json.dumps(value, default=str, skipkeys=True)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _sentence(file: str, where: str, found: Any, expected: str) -> str:
    key = f"`{where}`" if where else "its content"
    return f"`{file}`: {key} is {shown(found)}, and should be {expected}."


def _key(key: Any) -> str:
    return shown(key).strip('"').replace("`", "'")


def _plain(expected: Any) -> Any:
    """What is expected, for a sentence."""
    if isinstance(expected, Optional):
        return _plain(expected.expected)
    if isinstance(expected, Rule):
        return expected.described
    if isinstance(expected, dict):
        return {key: _plain(value) for key, value in expected.items()}
    return expected
