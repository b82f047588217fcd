"""The hidden lines by which log-agent finds again what it wrote."""

from urllib.parse import quote


def begin(key: str) -> str:
    """Marks what is about one target; nothing in `key` can end the HTML comment."""
    return f"<!-- log-agent: {_name(key)} -->"


def end(key: str) -> str:
    """Marks the end, where what follows is other people's."""
    return f"<!-- log-agent ends: {_name(key)} -->"


def content(fingerprint: str) -> str:
    """Tells what was said from what is to be said."""
    return f"<!-- log-agent says: {_name(fingerprint)} -->"


def _name(key: str) -> str:
    return quote(key, safe="/", errors="replace")


def is_same(text: str, other: str) -> bool:
    """Whether two texts differ in nothing but how GitHub's editor ends lines and the text."""
    return text.strip().splitlines() == other.strip().splitlines()
