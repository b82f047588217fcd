"""What somebody may have meant."""

import difflib
from collections.abc import Iterable


def did_you_mean(text: str, known: Iterable[str], most: int = 1) -> str:
    """A sentence, with a space before it, that names the nearest known words; empty without one."""
    near = difflib.get_close_matches(text, list(known), n=most, cutoff=0.5)
    return f" Did you mean {' or '.join(f'`{word}`' for word in near)}?" if near else ""
