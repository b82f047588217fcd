"""Credentials in the URLs of package indexes: for uv, and neither for the log nor for the model."""

import re

_USER_INFO = re.compile(r"(?<=://)[^/?#\s]+@")


def without_credentials(text: str) -> str:
    """A URL, or a text with URLs in it, as it can be recorded."""
    return _USER_INFO.sub("", text)


def masked(text: str) -> str:
    """A text with `***` for the user and the password of every URL in it."""
    return _USER_INFO.sub("***@", text)
