"""The hidden lines by which log-agent finds again what it wrote."""

import hashlib
from urllib.parse import quote

# What no other marker begins with.
RELAYED = "<!-- log-agent relayed: "


def begin(key: str) -> str:
    """Marks what is about one target; nothing in `key` can end the HTML comment."""
    return f"<!-- log-agent: {_name(key)} -->"


def end(key: str) -> str:
    """Marks the end, where what follows is other people's."""
    return f"<!-- log-agent ends: {_name(key)} -->"


def relayed_from(repository: str) -> str:
    """What the markers of all reports of a repository's runs begin with, and of no other's."""
    return f"{RELAYED}{_name(repository)} "


def relayed(repository: str, key: str) -> str:
    """Marks what a run of a repository, which isn't trusted, has reported about one target.

    `key` is that run's word: nothing of it but its digest is in the marker.
    """
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    return f"{relayed_from(repository)}{digest} -->"


def content(fingerprint: str) -> str:
    """Tells what was said from what is to be said."""
    return f"<!-- log-agent says: {_name(fingerprint)} -->"


def _name(key: str) -> str:
    return quote(key, safe="/", errors="replace")


def is_same(text: str, other: str) -> bool:
    """Whether two texts differ in nothing but how GitHub's editor ends lines and the text."""
    return text.strip().splitlines() == other.strip().splitlines()
