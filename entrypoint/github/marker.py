"""The hidden lines by which log-agent finds again what it wrote."""

import hashlib
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

# What no other marker begins with.
FORK = "<!-- log-agent relayed: "


@dataclass(frozen=True)
class Posted:
    """Where people read it, and what was done."""

    url: str
    did: Literal["created", "updated", "unchanged"]


def begin(key: str) -> str:
    """Marks what is about one target; nothing in `key` can end the HTML comment."""
    return f"<!-- log-agent: {_name(key)} -->"


def end(key: str) -> str:
    """Marks the end, where what follows is other people's."""
    return f"<!-- log-agent ends: {_name(key)} -->"


def of_forks_runs(repository: str) -> str:
    """What the markers of all reports of a repository's runs begin with, and of no other's."""
    return f"{FORK}{_name(repository)} "


def of_forks_run(repository: str, key: str) -> str:
    """Marks what a run of a repository, which isn't trusted, has reported about one target.

    `key` is that run's word: nothing of it but its digest is in the marker.
    """
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    return f"{of_forks_runs(repository)}{digest} -->"


def content(fingerprint: str) -> str:
    """Tells what was said from what is to be said."""
    return f"<!-- log-agent says: {_name(fingerprint)} -->"


def _name(key: str) -> str:
    return quote(key, safe="/", errors="replace")


def is_same(text: str, other: str) -> bool:
    """Whether two texts differ in nothing but how GitHub's editor ends lines and the text."""
    return text.strip().splitlines() == other.strip().splitlines()
