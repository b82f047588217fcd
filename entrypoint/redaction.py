"""The secret values that this process knows, and how they are kept out of what people read."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import quote, quote_plus, unquote

MASK = "***"

# A word of a variable's name that says that its value is a secret ...
_SECRET_WORD = re.compile(
    r"(.*(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|APIKEY|ACCESSKEY|PRIVATEKEY)S?"
    r"|PASS|PWD|PAT|KEY)"
)
# ... and words that say that it isn't: where a secret is, what it is called, how long it may be.
_LAST_WORD_OF_NO_SECRET = re.compile(
    "ALGORITHM|COUNT|DIR|DIRECTORY|ENABLED|ENDPOINT|EXPIRATION|EXPIRES|EXPIRY|FILE|FILENAME|FOLDER"
    "|HOST|IDS?|ISSUER|LENGTH|LIMIT|NAMES?|PATH|PREFIX|PROVIDER|REGION|SCOPES?|SECONDS|SIZE|SOCK"
    "|TTL|TYPE|URI|URL|USER|USERNAME|VERSION"
)
_KEY_TO_NO_DOOR = {"CACHE", "FOREIGN", "PARTITION", "PRIMARY", "PUBLIC", "SORT"}
_SHELL = {"PWD", "OLDPWD"}
# A key is a common name for other things too; one that opens a door is long.
_SHORTEST, _SHORTEST_KEY, _SHORTEST_USER = 8, 16, 20

_URL_USER = re.compile(r"\b[a-z][a-z0-9+.-]*://([^\s/:?#]*)(?::([^\s/?#]*))?@", re.IGNORECASE)
_IN_TEXT = (
    re.compile(r"\b(?:bearer|basic)(?:\s+|%20|=)([\w.~+/=-]+)", re.IGNORECASE),
    # In a URL's query (a shared access signature) or a connection string.
    re.compile(
        r"(?:^|[?&;\s])(?:sig|token|access_token|api[_-]?key|password|pwd|client_secret|secret"
        r"|accountkey|sharedaccesskey)=([^&;\s\"',]+)",
        re.IGNORECASE,
    ),
)
_LINE_OF_A_KEY = re.compile(r"^\s*([A-Za-z0-9+/=_-]{32,})\s*$", re.MULTILINE)


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
        known = [(value, name) for name, value in more.items() if len(value) >= _SHORTEST]
        for name, value in environ.items():
            known += [(secret, name) for secret in _secrets(name, value)]
        return cls(_with({}, known))

    def learn(self, value: str, name: str) -> None:
        """Know one value more from now on; any thread may say it."""
        with self._lock:
            self.forms = _with(self.forms, [(value, name)])

    def redact(self, text: str) -> str:
        """Replace every known value by `***`; a value that the text's end cuts in two stays."""
        # A plain search is faster than a pattern, and mostly there is nothing to replace.
        found = [re.escape(form) for form in self.forms if form in text]
        return re.sub("|".join(found), MASK, text) if found else text


def _with(forms: Mapping[str, str], known: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Forms, and those of more values."""
    more = dict(forms)
    for value, name in known:
        for form in _forms(value):
            more.setdefault(form, name)
    # Longest first, so that a secret which holds another one goes as a whole.
    return dict(sorted(more.items(), key=lambda item: -len(item[0])))


def _secrets(name: str, value: str) -> Iterator[str]:
    """The secrets that a variable holds."""
    if (shortest := _shortest(name)) and _is_plausible(value.strip(), shortest):
        yield value.strip()
        # A key over several lines is often indented, or loses its line ends, on its way.
        yield from _LINE_OF_A_KEY.findall(value) if "\n" in value.strip() else ()
    if value.lstrip().startswith("{"):
        yield from _secrets_of_json(value)
    for user, password in _URL_USER.findall(value):
        for part, wanted in ((user, _SHORTEST_USER), (password, _SHORTEST)):
            yield from {text for text in (part, unquote(part)) if _is_plausible(text, wanted)}
    for pattern in _IN_TEXT:
        yield from (text for text in pattern.findall(value) if _is_plausible(text, _SHORTEST))


def _secrets_of_json(text: str) -> Iterator[str]:
    """Secrets among the strings of a JSON object, such as a cloud's credentials file."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    for key, value in content.items():
        if isinstance(value, str):
            yield from _secrets(key, value)


def _shortest(name: str) -> int:
    """How long a secret in a variable of this name is at least; 0 when it is no secret."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)  # clientSecret
    words = [word for word in re.split(r"[^A-Za-z]+", apart.upper()) if word]
    matches = {word for word in words if _SECRET_WORD.fullmatch(word)}
    if not matches or name in _SHELL or _LAST_WORD_OF_NO_SECRET.fullmatch(words[-1]):
        return 0
    if matches == {"KEY"}:
        return 0 if _KEY_TO_NO_DOOR.intersection(words) else _SHORTEST_KEY
    return _SHORTEST


def _is_plausible(value: str, shortest: int) -> bool:
    """Whether hiding the value hides a secret, and not every `postgres` or `********`."""
    if len(value) < shortest or len(set(value)) < 4:  # noqa: PLR2004 - a placeholder
        return False
    if value.startswith(("${", "{{")):  # a reference, `{{secrets/scope/key}}` to Databricks
        return False
    # The password of a service container is often a word.
    is_word = value.isalpha() and (value.islower() or value.isupper())
    return not (is_word and len(value) < 12)  # noqa: PLR2004


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
