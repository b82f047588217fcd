"""Canonical JSON: one text for equal values, on every machine."""

import datetime as dt
import json
import math
from collections.abc import Callable
from typing import Any

# Beyond this, decimal digits are slow to make and Python refuses to read them.
_INTEGER_LIMIT = 2**63


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces; different values have different texts.

    What YAML has beyond JSON becomes an object with one key that starts with `$`: dates, bytes,
    sets, infinities, keys that are no strings. A mapping with such a key of its own is spelt out
    too, so none can be taken for another.

    Raises:
        ValueError: a value of another type, or one that holds itself.

    """
    try:
        return _dumped(_plain(value))
    except RecursionError as error:
        raise ValueError("the value is nested too deeply, or holds itself") from error


def _plain(value: Any) -> Any:
    """The value in JSON's own types. Types are compared exactly: `True` is an `int` to Python."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind not in _SPELLINGS:
        raise ValueError(f"{kind.__name__} is neither of YAML's types nor of JSON's")
    return _SPELLINGS[kind](value)


def _text(value: str) -> Any:
    # Half a surrogate pair (`"\ud800"` in JSON) has no UTF-8.
    return value if _has_utf8(value) else {"$text": value.encode("utf-8", "surrogatepass").hex()}


def _has_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _mapping(value: dict[Any, Any]) -> Any:
    if all(type(key) is str and key[:1] != "$" and _has_utf8(key) for key in value):
        return {key: _plain(item) for key, item in value.items()}
    pairs = [[_plain(key), _plain(item)] for key, item in value.items()]
    return {"$mapping": sorted(pairs, key=lambda pair: _dumped(pair[0]))}


def _dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_SPELLINGS: dict[type, Callable[[Any], Any]] = {
    str: _text,
    int: lambda value: value if abs(value) < _INTEGER_LIMIT else {"$integer": hex(value)},
    float: lambda value: value if math.isfinite(value) else {"$float": repr(value)},
    dt.datetime: lambda value: {"$datetime": value.isoformat()},
    dt.date: lambda value: {"$date": value.isoformat()},
    bytes: lambda value: {"$bytes": value.hex()},
    list: lambda value: [_plain(item) for item in value],
    tuple: lambda value: {"$tuple": [_plain(item) for item in value]},  # YAML's `!!pairs`
    set: lambda value: {"$set": sorted((_plain(item) for item in value), key=_dumped)},
    dict: _mapping,
}
