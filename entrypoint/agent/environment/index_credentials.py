"""The package indexes' credentials: for uv, and neither for the log nor for the model."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit, urlunsplit

_IN_URL = re.compile(r"(?<=://)[^/\s@]+(?=@)")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Shorter ones are no secrets, and masking them would make any text unreadable.
_SHORTEST = 4


class Credentials:
    """What uv is given to sign in with."""

    def __init__(self, values: Iterable[str]) -> None:
        spelt = {form for value in values for form in (value, quote(value, ""), unquote(value))}
        # Longest first: one may be a part of another.
        self._values = sorted((v for v in spelt if len(v) >= _SHORTEST), key=len, reverse=True)

    @classmethod
    def read(cls, environ: Mapping[str, str], texts: Iterable[str]) -> "Credentials":
        """Take them from uv's variables and from what the requirements expand (`${NAME}`)."""
        used = [*texts, *(value for name, value in environ.items() if name.startswith("UV_"))]
        values = [
            part
            for text in used
            for user_info in _IN_URL.findall(text)
            for part in (user_info, user_info.rpartition(":")[2])
            if "${" not in part
        ]
        for name, value in environ.items():
            if name.startswith("UV_") and name.endswith(("_PASSWORD", "_TOKEN")):
                values.append(value)
        values += [environ[name] for t in used for name in _VARIABLE.findall(t) if name in environ]
        return cls(values)

    def masked(self, text: str) -> str:
        """The text with `***` for every credential, known or in a URL."""
        for value in self._values:
            text = text.replace(value, "***")
        return _IN_URL.sub("***", text)


def without_credentials(url: str) -> str:
    """A URL that can be recorded."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
