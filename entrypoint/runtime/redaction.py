"""The secret values that this process knows, and how they are kept out of what people read."""

import base64
import html
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import quote, quote_plus

from entrypoint.runtime import token_shapes
from entrypoint.runtime.secret_variables import SHORTEST, secrets_of

MASK = "***"


@dataclass
class Secrets:
    """Secret values in every form in which they may turn up: form -> where it is known from.

    A name such as `DATABRICKS_TOKEN` may be shown, a form never; so the forms are not in `repr`.
    """

    # Replaced as a whole when there are more, so who reads them needs no lock.
    forms: Mapping[str, str] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], **more: str) -> "Secrets":
        """Judge variables by their names and by what is in their values.

        `more`: values that are secrets whatever they look like, by name (a token given as a flag).
        """
        known = [(value, name) for name, value in more.items()]
        for name, value in environ.items():
            known += [(secret, name) for secret in secrets_of(name, value)]
        return cls(_with({}, known))

    def learn(self, value: str, name: str) -> None:
        """Know one value more from now on, unless it is too short; any thread may say it."""
        with self._lock:
            self.forms = _with(self.forms, [(value, name)])

    def redact(self, text: str) -> str:
        """Replace every known value, and every token of a known shape, by `***`.

        A value that the text's end cuts in two stays. The text never grows: a mask is shorter than
        any value.
        """
        # A plain search is faster than a pattern, and mostly there is nothing to replace.
        spans = [span for form in self.forms if form in text for span in _spans(form, text)]
        spans += [(token.start, token.end) for token in token_shapes.find(text)]
        return _masked(text, spans) if spans else text


def is_long_enough(value: str) -> bool:
    """Whether a value can be masked without hiding what merely has a few of its characters."""
    return len(value.strip()) >= SHORTEST


def _spans(form: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the form stands; where it stands over itself (`abab` in `ababab`), that is one span."""
    start = text.find(form)
    while start >= 0:
        last, end = start, start + len(form)
        while (last := text.find(form, last + 1, end + len(form) - 1)) >= 0:
            end = last + len(form)
        yield start, end
        start = text.find(form, end)


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with one mask for all that overlaps, so that of a longer secret nothing is left."""
    parts, shown, end = [], 0, 0
    for start, its_end in sorted(spans):
        if not end or start >= end:
            parts += [text[shown:start], MASK]
        end = shown = max(end, its_end)
    return "".join((*parts, text[shown:]))


def _with(forms: Mapping[str, str], known: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Forms, and those of more values."""
    more = dict(forms)
    for value, name in known:
        for form in _forms(value) if is_long_enough(value) else ():
            more.setdefault(form, name)
    # Longest first, so that a secret which holds another one goes as a whole.
    return dict(sorted(more.items(), key=lambda item: -len(item[0])))


def _forms(value: str) -> Iterator[str]:
    """The value as it is and as programs write it.

    The forms that GitHub's runner masks: `ValueEncoders` in actions/runner.
    """
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    raw = value.encode(errors="surrogateescape")
    yield quote(raw)
    yield quote(raw, safe="")
    yield quote_plus(raw)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # In a longer text (`user:password`) it starts at any of three places in a group of three
        # bytes; the digits that it shares with its neighbours are left out.
        for before, first in ((0, 0), (1, 2), (2, 3)):
            digits = encode(bytes(before) + raw).decode()
            yield digits[first : (before + len(raw)) * 8 // 6]
