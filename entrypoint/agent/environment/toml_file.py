"""The TOML files of a project, read as far as they can be: uv explains what is wrong in them."""

import re
import tomllib
from pathlib import Path
from typing import Any

from entrypoint.runtime import untrusted_file
from entrypoint.runtime.errors import InputFailure, Place, Problem
from entrypoint.runtime.untrusted_file import Bound, Unreadable

_BOUNDS = {
    "uv.lock": Bound(20_000_000, "Lock fewer packages."),
    "pyproject.toml": Bound(1_000_000, "Say there what the project needs, and no data."),
}
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
# tomllib copies a dotted key once for every part that it has.
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{100}}")


def text_of(path: Path, shown: str) -> str:
    """The text of a TOML file, `shown` to the user; one that isn't UTF-8 will not parse.

    It comes without a byte order mark, which uv skips too.

    Raises:
        InputFailure: it can't be read.

    """
    try:
        # Bytes that aren't UTF-8 become half surrogate pairs, which no TOML parser accepts.
        text = untrusted_file.read(path, _bound(path)).decode(errors="surrogateescape")
    except (FileNotFoundError, Unreadable) as error:
        why = str(error).rstrip(".") if isinstance(error, Unreadable) else "it does not exist"
        raise InputFailure(
            Problem(f"`requirements`: `{shown}` can't be read: {why}.", place=Place(shown))
        ) from error
    return text.removeprefix("\ufeff")


def read(path: Path, shown: str) -> dict[str, Any] | None:
    """A TOML file's content; None for one that uv will complain about.

    Raises:
        InputFailure: it can't be read.

    """
    return parse(text_of(path, shown))


def parse(text: str) -> dict[str, Any] | None:
    """A TOML text's content; None for one that uv will complain about."""
    if _LONG_KEY.search(text):
        return None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def part(content: Any, *names: str) -> Any:
    """The value under nested keys; None where a key is missing or what it is in is no table."""
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def tables(content: Any, *names: str) -> list[dict[str, Any]]:
    """The tables of an array under nested keys; empty where there is no array."""
    found = part(content, *names)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _bound(path: Path) -> Bound:
    return _BOUNDS["uv.lock" if path.suffix == ".lock" else "pyproject.toml"]
