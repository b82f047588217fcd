"""How the prompts differ that two agents load."""

from collections.abc import Iterable, Iterator
from itertools import islice

from entrypoint.comparison.changes import PromptChange
from entrypoint.comparison.shown_text import Redact, shortened
from entrypoint.comparison.snapshot import Snapshot

_MAX_CHANGES = 500
_MAX_CHARACTERS = 500


def changes(before: Snapshot, after: Snapshot, redact: Redact) -> Iterator[PromptChange]:
    """Every prompt of which another version is loaded, by name."""
    if before.prompts is None or after.prompts is None:
        return
    old, new = _versions(before.prompts), _versions(after.prompts)
    names = (name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name))
    for name in islice(names, _MAX_CHANGES):
        texts = (name, old.get(name, ""), new.get(name, ""))
        yield PromptChange(*(shortened(text, _MAX_CHARACTERS, redact) for text in texts))


def _versions(prompts: Iterable[str]) -> dict[str, str]:
    """The version of each prompt; several of one are listed."""
    found: dict[str, list[str]] = {}
    for uri in sorted(prompts):
        name, _, version = uri.removeprefix("prompts:/").rpartition("/")
        found.setdefault(name, []).append(version)
    return {name: ", ".join(versions) for name, versions in found.items()}
