"""What changes in the code: files, lines, and a short unified diff."""

from collections import Counter
from collections.abc import Iterator
from difflib import unified_diff

from entrypoint.comparison.changes import Change, FileChange
from entrypoint.comparison.model_file import File
from entrypoint.comparison.shown_text import Redact, shortened
from entrypoint.comparison.snapshot import Snapshot

# Pairs of a line before and a line after, in all files together; `difflib` looks at them more than
# once: of two files of 3,000 lines, made to be slow, it needs some seconds.
_MAX_PAIRS = 10_000_000
_MAX_LINES = 80
_MAX_CHARACTERS = 240


def changes(before: Snapshot, after: Snapshot, redact: Redact) -> Iterator[FileChange]:
    """The files that differ, by path."""
    old, new = before.code, after.code
    if old is None or new is None:
        return
    pairs_left = _MAX_PAIRS
    for path in sorted(old.keys() | new.keys()):
        if path in old and path in new and _is_same(old[path], new[path]):
            continue
        change: Change = "removed" if path not in new else "changed" if path in old else "added"
        was = _lines(before.content(path), redact) if path in old else []
        now = _lines(after.content(path), redact) if path in new else []
        if was is None or now is None:
            yield FileChange(path, change)
        elif (pairs := len(was) * len(now)) > pairs_left:
            more, fewer = Counter(now), Counter(was)
            yield FileChange(path, change, (more - fewer).total(), (fewer - more).total())
        else:
            pairs_left -= pairs
            yield _diff(path, change, was, now, redact)


def is_unknown(before: Snapshot, after: Snapshot) -> bool:
    """Whether there is a file that may have changed, or not."""
    old, new = before.code or {}, after.code or {}
    return any(
        path in new and not each.sha256 and _is_same(each, new[path]) for path, each in old.items()
    )


def _is_same(old: File, new: File) -> bool:
    return old.size == new.size and (not old.sha256 or old.sha256 == new.sha256)


def _lines(content: bytes | None, redact: Redact) -> list[str] | None:
    """The lines of a text; None where the content isn't known, or is no text."""
    if content is None or b"\0" in content:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    # Redacted as a whole: a secret may have several lines.
    lines = redact(text).split("\n")
    return lines[:-1] if not lines[-1] else lines


def _diff(path: str, change: Change, was: list[str], now: list[str], redact: Redact) -> FileChange:
    # The first two lines name the files.
    lines = list(unified_diff(was, now, lineterm=""))[2:]
    counts = Counter(line[0] for line in lines)
    shown = [shortened(line, _MAX_CHARACTERS, redact) for line in lines[:_MAX_LINES]]
    if (more := len(lines) - len(shown)) > 0:
        shown.append(f"… {more} more lines")
    return FileChange(path, change, counts["+"], counts["-"], "\n".join(shown))
