"""What changes in the model config, by dotted keys."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from entrypoint.comparison.changes import ConfigChange
from entrypoint.comparison.shown_text import Redact, shortened
from entrypoint.comparison.snapshot import Snapshot

_MAX_CHANGES = 500
_MAX_CHARACTERS = 500

Path = tuple[str, ...]


def changes(before: Snapshot, after: Snapshot, redact: Redact) -> Iterator[ConfigChange]:
    """The keys whose values differ; a list is one value."""
    if before.config is None or after.config is None:
        return
    for path, was, now in islice(_differing(before.config, after.config), _MAX_CHANGES):
        texts = (".".join(path), was, now)
        yield ConfigChange(*(shortened(text, _MAX_CHARACTERS, redact) for text in texts))


def _differing(
    old: Mapping[str, Any], new: Mapping[str, Any], above: Path = ()
) -> Iterator[tuple[Path, str, str]]:
    """Paths of keys with their values as JSON, before and after; empty where there is none."""
    for key in sorted(old.keys() | new.keys()):
        path = (*above, key)
        was, now = (_value(each, key) for each in (old, new))
        if was != now:
            yield path, was, now
        yield from _differing(_inner(old.get(key)), _inner(new.get(key)), path)


def _value(config: Mapping[str, Any], key: str) -> str:
    if key not in config or _inner(config[key]):
        return ""
    return json.dumps(config[key], ensure_ascii=False, sort_keys=True)


def _inner(value: Any) -> Mapping[str, Any]:
    """The keys of a mapping; what `canonical` spells with `$` is one value."""
    is_mapping = isinstance(value, dict) and not any(key[:1] == "$" for key in value)
    return value if is_mapping else {}
