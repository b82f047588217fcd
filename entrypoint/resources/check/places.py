"""The places of a finding: it is told at the first, and has the others in its detail."""

from collections.abc import Iterable

from entrypoint.runtime.errors import Place

_MOST = 50


def also_at(places: Iterable[Place | None]) -> str:
    """A sentence with every place but the first; empty when there is no other."""
    known = list(dict.fromkeys(str(place) for place in places if place))
    others = known[1:]
    if not others:
        return ""
    more = f" and {len(others) - _MOST} more" if len(others) > _MOST else ""
    return f"Also at {', '.join(others[:_MOST])}{more}"
