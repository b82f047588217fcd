"""How the text of others is shown: without secrets, and not too long."""

from collections.abc import Callable

Redact = Callable[[str], str]
"""Takes the secrets out of a text."""

_CUT = "…"
_MAX_NAME = 120


def shortened(text: str, max_characters: int, redact: Redact) -> str:
    """The text's beginning; redacted first, since half of a secret is none that can be found."""
    text = redact(text)
    return text if len(text) <= max_characters else text[:max_characters] + _CUT


def quoted(name: object) -> str:
    """A name in a sentence, in backticks, on one line and not too long."""
    plain = " ".join(str(name).replace("`", "'").split())
    return f"`{plain[:_MAX_NAME]}{_CUT if len(plain) > _MAX_NAME else ''}`"
