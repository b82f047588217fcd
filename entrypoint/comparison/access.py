"""What changes in what the agent may use: resources, and the scopes of the user's token."""

from collections.abc import Iterable, Iterator, Mapping

from entrypoint.agent.model_check.manifest_view import Access
from entrypoint.comparison.changes import ResourceChange, ScopeChange
from entrypoint.comparison.snapshot import Snapshot
from entrypoint.resources.kinds import KINDS, key


def resources(before: Snapshot, after: Snapshot) -> Iterator[ResourceChange]:
    """The resources that are added, removed, or moved between agent and user, by kind and name."""
    if before.resources is None or after.resources is None:
        return
    old, new = _by_key(before.resources), _by_key(after.resources)
    for each in sorted(old.keys() | new.keys()):
        was, now = old.get(each), new.get(each)
        kind, name, on_behalf = now or was or (*each, False)
        title = KINDS[kind].title if kind in KINDS else kind.replace("_", " ")
        if was is None:
            yield ResourceChange(kind, title, name, on_behalf, "added", widens=True)
        elif now is None:
            yield ResourceChange(kind, title, name, on_behalf, "removed", widens=False)
        elif was[2] != now[2]:
            # To itself the agent gains access; on behalf of a user it has no more than that user.
            yield ResourceChange(kind, title, name, on_behalf, "changed", widens=not on_behalf)


def scopes(before: Snapshot, after: Snapshot) -> Iterator[ScopeChange]:
    """The scopes that are added and removed, by name."""
    if before.scopes is None or after.scopes is None:
        return
    for name in sorted(before.scopes ^ after.scopes):
        yield ScopeChange(name, "added" if name in after.scopes else "removed")


def _by_key(accesses: Iterable[Access]) -> Mapping[tuple[str, str], Access]:
    """By kind and name; of a resource that is declared both ways, the agent's own access counts."""
    found: dict[tuple[str, str], Access] = {}
    for kind, name, on_behalf in sorted(accesses):
        known = key(kind, name) if kind in KINDS else (kind, name)
        found.setdefault(known, (kind, name, on_behalf))
    return found
