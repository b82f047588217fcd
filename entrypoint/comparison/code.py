"""What changes in the code: files, lines, and a short unified diff."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from entrypoint.comparison.changes import Change, FileChange
from entrypoint.comparison.excerpt import Redact, excerpt
from entrypoint.comparison.model_file import File
from entrypoint.comparison.snapshot import Snapshot

# Pairs of lines that are looked at, in all files together: a few seconds at the very worst.
_MOST_PAIRS = 25_000_000
_CONTEXT = 3
_MOST_LINES = 80
_LONGEST_LINE = 240


def changes(before: Snapshot, after: Snapshot, redact: Redact) -> Iterator[FileChange]:
    """The files that differ, by path."""
    old, new = before.code, after.code
    if old is None or new is None:
        return
    differ = _Differ(redact)
    for path in sorted(old.keys() | new.keys()):
        if path in old and path in new and _is_same(old[path], new[path]):
            continue
        was = before.content(path) if path in old else b""
        now = after.content(path) if path in new else b""
        added, removed, diff = differ.diff(was, now)
        change: Change = "removed" if path not in new else "changed" if path in old else "added"
        yield FileChange(path, change, added, removed, diff)


def is_unknown(before: Snapshot, after: Snapshot) -> bool:
    """Whether there is a file that may have changed, or not."""
    old, new = before.code or {}, after.code or {}
    return any(
        path in new and not each.sha256 and _is_same(each, new[path]) for path, each in old.items()
    )


def _is_same(old: File, new: File) -> bool:
    return old.size == new.size and (not old.sha256 or old.sha256 == new.sha256)


class _Differ:
    """Compares texts, as long as it doesn't take too long."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._pairs_left = _MOST_PAIRS

    def diff(self, was: bytes | None, now: bytes | None) -> tuple[int, int, str]:
        """The number of lines added and removed, and the diff; nothing where it can't be told."""
        if was is None or now is None:
            return 0, 0, ""
        try:
            old, new = self._lines(was), self._lines(now)
        except UnicodeDecodeError:
            return 0, 0, ""
        middle = _Middle.of(old, new)
        pairs = len(middle.old) * len(middle.new)
        if pairs > self._pairs_left:
            more, fewer = Counter(new), Counter(old)
            return (more - fewer).total(), (fewer - more).total(), ""
        self._pairs_left -= pairs
        hunks = list(middle.hunks())
        lines = [line for hunk in hunks for line in hunk]
        counts = Counter(line[0] for line in lines)
        return counts["+"], counts["-"], self._shortened(lines)

    def _lines(self, content: bytes) -> list[str]:
        text = content.decode()
        if "\0" in text:
            raise UnicodeDecodeError("utf-8", content, 0, 1, "no text")
        # Redacted as a whole: a secret may have several lines.
        lines = self._redact(text).split("\n")
        return lines[:-1] if not lines[-1] else lines

    def _shortened(self, lines: Sequence[str]) -> str:
        shown = [excerpt(line, _LONGEST_LINE, self._redact) for line in lines[:_MOST_LINES]]
        if (more := len(lines) - len(shown)) > 0:
            shown.append(f"… {more} more lines")
        return "\n".join(shown)


@dataclass(frozen=True)
class _Middle:
    """What is left of two texts without the lines that both begin and end with, and some context.

    `start`: the lines before it.
    """

    old: Sequence[str]
    new: Sequence[str]
    start: int

    @classmethod
    def of(cls, old: Sequence[str], new: Sequence[str]) -> "_Middle":
        shorter = min(len(old), len(new))
        head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
        rest = shorter - head
        tail = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
        start, end = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
        return cls(old[start : len(old) - end], new[start : len(new) - end], start)

    def hunks(self) -> Iterator[list[str]]:
        """The lines of a unified diff, with a first one that begins with `@@`."""
        matcher = SequenceMatcher(None, self.old, self.new)
        for group in matcher.get_grouped_opcodes(_CONTEXT):
            (_, old, _, new, _), (_, _, old_end, _, new_end) = group[0], group[-1]
            hunk = [f"@@ -{self._range(old, old_end)} +{self._range(new, new_end)} @@"]
            for tag, i, i_end, j, j_end in group:
                if tag == "equal":
                    hunk += [f" {line}" for line in self.old[i:i_end]]
                    continue
                hunk += [f"-{line}" for line in self.old[i:i_end]]
                hunk += [f"+{line}" for line in self.new[j:j_end]]
            yield hunk

    def _range(self, first: int, end: int) -> str:
        """As `diff -u` writes it: an empty one is named by the line before it."""
        length = end - first
        return f"{self.start + first + (length > 0)},{length}"
