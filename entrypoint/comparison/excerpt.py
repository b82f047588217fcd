"""What is shown of text that isn't ours: without secrets, and not too long."""

from collections.abc import Callable

Redact = Callable[[str], str]

_CUT = "…"


def excerpt(text: str, longest: int, redact: Redact) -> str:
    """The text's beginning; redacted first, since half of a secret is none that can be found."""
    text = redact(text)
    return text if len(text) <= longest else text[:longest] + _CUT


def quoted(name: object) -> str:
    """A name in a sentence of ours, in backticks, on one line."""
    plain = " ".join(str(name).replace("`", "'").split())
    return f"`{plain[:_LONGEST_NAME]}{_CUT if len(plain) > _LONGEST_NAME else ''}`"


_LONGEST_NAME = 120
