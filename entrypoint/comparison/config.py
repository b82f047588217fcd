"""What changes in the model config, by dotted keys."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from entrypoint.comparison.changes import ConfigChange
from entrypoint.comparison.excerpt import Redact, excerpt
from entrypoint.comparison.snapshot import Snapshot

_MOST = 500
_LONGEST = 500


def changes(before: Snapshot, after: Snapshot, redact: Redact) -> Iterator[ConfigChange]:
    """The keys whose values differ; a list is one value."""
    if before.config is None or after.config is None:
        return
    old, new = dict(_leaves(before.config)), dict(_leaves(after.config))
    differing = (key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key))
    for key in islice(differing, _MOST):
        shown = (excerpt(each.get(key, ""), _LONGEST, redact) for each in (old, new))
        yield ConfigChange(excerpt(key, _LONGEST, redact), *shown)


def _leaves(config: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys with their values as JSON."""
    for key, value in config.items():
        # What `canonical` spells with `$` is one value.
        if isinstance(value, dict) and value and not any(name[:1] == "$" for name in value):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", json.dumps(value, ensure_ascii=False, sort_keys=True)
