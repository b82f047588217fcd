"""Untrusted text in GitHub's Markdown: shown as it is, never obeyed.

https://github.github.com/gfm/ - nothing acts as markup in a code span (section 6.3) or in a fenced
block (4.5). GitHub links no mentions, issues and commits in them; elsewhere it does, and character
references don't hide them.
"""

import re
import textwrap
from collections.abc import Callable, Iterator
from itertools import groupby
from urllib.parse import quote

# Control characters, and those that turn the direction of the text around them:
# https://www.unicode.org/reports/tr36/ (section 2.5).
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)

# A word that is nothing but itself wherever it stands: no markup, no mention, no issue (`GH-1`), no
# link (`www.`), no commit.
_PLAIN = re.compile(r"""[("']*[^\W_]*(?:[.'-][^\W_]+)*[)"'.,:;?!]*|\(?\.{3}\)?[.,:;)]*|-""")
_LINKED = re.compile(r"GH-\d|www\.|[0-9a-f]{7,}\b", re.IGNORECASE)
# Indented lines, and empty ones between them.
_PASTED = re.compile(r"(^ {4}.*(?:\n|\Z)(?:^ {4}.*(?:\n|\Z)|^\n(?= {4}))*)", re.MULTILINE)


def visible(text: str) -> str:
    """The text with what would not be seen, and could mislead, spelt out."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def code(text: object, *, limit: int = 1_000) -> str:
    """One line of untrusted text as inline code: safe in a table, a list and a heading."""
    line = _line(text, limit)
    if "|" in line or not line:  # ends a table's cell even inside of backticks
        return element(line, limit=limit)
    fence = _fence(line, shortest=1)
    room = " " if "`" in (line[0], line[-1]) else ""
    return f"{fence}{room}{line}{room}{fence}"


def element(text: object, *, limit: int = 1_000) -> str:
    """One line of untrusted text as an HTML element, for where Markdown is not read."""
    line = _line(text, limit)
    inert = re.sub(r"[^A-Za-z0-9 ]", lambda found: f"&#{ord(found[0])};", line)
    return f"<code>{inert}</code>"


def block(text: object, language: str = "", *, limit: int = 50_000) -> str:
    """Untrusted lines as a fenced block, whose fence is longer than any in the text."""
    whole = visible(str(text)[: 2 * limit].replace("\r", ""))
    shown = whole if len(whole) <= limit else f"{whole[:limit]}\n…"
    fence = _fence(shown, shortest=3)
    return f"{fence}{language}\n{shown}\n{fence}"


def prose(text: object, *, limit: int = 1_000, quoted: Callable[[str], str] = code) -> str:
    """A sentence of ours: what it quotes in backticks is code, and so is each odd word in it."""
    line = _line(text, limit)
    written = []
    for number, part in enumerate(re.split(r"`([^`]*)`", line)):
        if number % 2:
            written.append(quoted(part))
            continue
        for is_plain, words in groupby(re.split(r"( +)", part), _is_plain):
            joined = "".join(words)
            inside = joined.strip()
            written.append(
                joined if is_plain or not inside else joined.replace(inside, quoted(inside))
            )
    return "".join(written)


def advice(text: str, *, limit: int = 10_000) -> str:
    """What to do, in sentences and list items of ours; indented lines are for pasting."""
    return "\n".join(_advice(text[:limit]))


def _advice(text: str) -> Iterator[str]:
    for number, part in enumerate(_PASTED.split(text)):
        if number % 2:
            yield block(textwrap.dedent(part).strip("\n"))
            continue
        for line in part.splitlines():
            bullet = "- " if line.startswith("- ") else ""
            yield bullet + prose(line.removeprefix(bullet)) if line.strip() else ""


def _is_plain(word: str) -> bool:
    return not word.strip() or bool(_PLAIN.fullmatch(word) and not _LINKED.search(word))


def url(base: str, *path: str) -> str:
    """A page below an address of ours; the path's parts may be untrusted, and can't leave it."""
    return "/".join((base, *(quote(part, errors="replace") for part in path)))


def _line(text: object, limit: int) -> str:
    line = " ".join(visible(str(text)[: 2 * limit]).split())
    return line if len(line) <= limit else f"{line[:limit]}…"


def _fence(text: str, shortest: int) -> str:
    """Backticks, more than stand together anywhere in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(shortest, longest + 1)
