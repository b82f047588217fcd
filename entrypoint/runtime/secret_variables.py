"""Which variables hold secrets, by what they are called and by what their values look like."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, unquote_plus

from entrypoint.runtime import token_shapes
from entrypoint.runtime.secret_names import Suspicion, suspicion_of, words_of

# What is made of digits alone is a number, except where people type it.
_TYPED = re.compile(r".*(?:PASS|PASSWORD|PASSWD|PASSCODE|PWD)|MFA|OTP|PIN|PW|TOTP")

SHORTEST = 6
"""Characters; what is shorter is in every other word, and masking it would hide the rest."""
_SHORTEST_WEAK, _SHORTEST_WORD, _SHORTEST_USER = 8, 12, 20
_SHORTEST_OF_OTHER_KEYS = 16
_FEWEST_CHARACTERS = 4
# https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
_WORDS_OF_A_SEED = 12

_REFERENCE = re.compile(
    r"\$[{(]+[^{}()]*[)}]+|\{\{.*|<[^<>=]*>|%\w+%|\$\w+|arn:.*|projects/[\w-]+/secrets/.*|@Microsoft\.KeyVault.*"
    r"|ssh-\w+ .*|-----BEGIN (?:CERTIFICATE|PUBLIC|[A-Z]+ PUBLIC|SSH2 PUBLIC).*",
    re.DOTALL,
)
_PATH = re.compile(
    r"(?:~|\.{1,2})?(?:/[a-z0-9_.@-]+)+/?|[A-Za-z]:\\.*"
    r"|(?:/(?:Users|Volumes|Workspace|__\w|dbfs|github|home|opt|run|tmp|var)|~)/.*"
)
_WORD = r"(?>[A-Z]+(?![a-z])|[A-Za-z]?[a-z]*)"
_WORDS = re.compile(rf"{_WORD}(?:[ _.:/,-]{_WORD})*")
# Like `us-east-1`, `Linux-py311`, `db-1.internal:5432`, `data/v2.bin`.
_SLUG = re.compile(r"(?>\d{4,5}|[A-Za-z]*\d{0,3})(?:[ _.:/,@-](?>\d{4,5}|[A-Za-z]*\d{0,3}))*")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::\d+)?(?:/[\w.-]*)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,30}:\\?/\\?/[^\s\"'<>]+", re.IGNORECASE)
_USER = re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://([^\s/:?#]*)(?::([^\s/?#]*))?@", re.IGNORECASE)
_SCHEME = re.compile(r"\b(?:apikey|basic|bearer|token)(?:\s+|%20|=)([\w.~+/=-]+)", re.IGNORECASE)
_NETRC = re.compile(r"\b(password)\s+(\S+)")
_FLAG = re.compile(r"(?<!\S)--?([A-Za-z][\w-]+)[ =](\S+)")
_ELEMENT = re.compile(
    r"<(\w+)>\s*([^<>\s]+)\s*</\1>|\b(?:key|name)=\"([^\"]+)\" value=\"([^\"]+)\""
)
# In a query, a connection string, a cookie, and in files: INI, TOML, YAML, `.env`, headers.
_PAIR = re.compile(
    r"""(?<![\w.])([A-Za-z_][\w.-]{0,100}(?: key)?)["']?[ \t]*[=:][ \t]*"""
    r"""(?:"([^"\n]*)"|'([^'\n]*)'|([^\s;&"']+))""",
    re.IGNORECASE,
)
_USER_AND_PASSWORD = re.compile(r"[^\s:/]+:(\S+)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_LINE_OF_A_KEY = re.compile(r"^\s*([A-Za-z0-9+/=_-]{32,})\s*$", re.MULTILINE)
# JSON in JSON, base64 of a connection string, ...
_NESTED_LEVELS = 6


def secrets_of(name: str, value: str) -> Iterator[str]:
    """Every secret that a variable holds: its value, or what is written in it, at any depth."""
    # An input is what the workflow says for everybody to read, such as a file: `signature`.
    if name.startswith("INPUT_") and name != "INPUT_GITHUB-TOKEN":
        name = ""
    return _secrets(name, value, Suspicion.NONE, 0)


def _secrets(name: str, value: str, inherited: Suspicion, depth: int) -> Iterator[str]:
    """`inherited`: how suspicious the name is of what the value was found in."""
    text = value.strip()
    if depth > _NESTED_LEVELS or len(text) < SHORTEST:
        return
    words = words_of(name)
    suspicion = suspicion_of(name, words, inherited)
    if (content := _json(text)) is not None:
        yield from _of_json(name, content, suspicion, depth + 1)
        return
    if _is_plausible(text, suspicion, words):
        yield text
        # A key over several lines is often indented, or loses its line ends, on its way.
        yield from _LINE_OF_A_KEY.findall(text) if "\n" in text else ()
    for token in token_shapes.find(text):
        yield text[token.start : token.end]
        yield from _LINE_OF_A_KEY.findall(text[token.start : token.end])
    if _REFERENCE.fullmatch(text):
        return
    if suspicion and (pair := _USER_AND_PASSWORD.fullmatch(text)):
        yield from _if_password(pair[1])
    yield from _of_urls(text, words, depth)
    for written in _SCHEME.findall(text):
        yield from _if_password(written)
        yield from _of_base64("auth", written, depth)
    # In a connection string or a cookie is more than its secret.
    below = min(suspicion, Suspicion.WEAK)
    for key, content in _pairs(text):
        yield from _secrets(key, content, below, depth + 1)
    yield from _of_base64(name, text, depth)


def _if_password(text: str) -> Iterator[str]:
    if _is_plausible(text, Suspicion.STRONG, ("PASSWORD",)) and not _WORDS.fullmatch(text):
        yield text


def _json(text: str) -> Any:
    """The object, list or string that is written there, else None."""
    if text[:1] not in ("{", "[", '"'):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict | list | str) else None


def _of_json(name: str, content: Any, inherited: Suspicion, depth: int) -> Iterator[str]:
    match content:
        case dict() if depth <= _NESTED_LEVELS:
            # Kubernetes and others write lists of names and values.
            if isinstance(called := content.get("name", content.get("key")), str):
                yield from _of_json(called, content.get("value"), inherited, depth + 1)
            for key, value in content.items():
                suspicion = suspicion_of(key, words_of(key), inherited)
                yield from _of_json(key, value, suspicion, depth + 1)
        case list() if depth <= _NESTED_LEVELS:
            for value in content:
                yield from _of_json(name, value, inherited, depth + 1)
        case str():
            yield from _secrets(name, content, inherited, depth)
        case int() if not isinstance(content, bool):
            yield from _secrets(name, str(content), Suspicion.NONE, depth)


def _of_urls(text: str, words: tuple[str, ...], depth: int) -> Iterator[str]:
    for user, password in _USER.findall(text):
        for part, shortest in ((user, _SHORTEST_USER), (password, SHORTEST)):
            for written in {part, unquote(part)}:
                yield from _if_password(written) if len(written) >= shortest else ()
    for url in _URL.findall(text):
        address, _, query = url.partition("?")
        found = [
            secret
            for key, _, value in (pair.partition("=") for pair in re.split("[&;#]", query))
            for written in {value, unquote_plus(value)}
            for secret in _of_query(key, written, depth)
        ]
        path = address.split("/", 3)[3] if address.count("/") > 2 else ""  # noqa: PLR2004
        is_hook = any("HOOK" in word for word in words)
        if is_hook or "hook" in address.lower():
            found += [part for part in re.split("[/@]", path) if _looks_random(part)]
        if found or (is_hook and (path or query)):
            yield from (url, *found)


def _of_query(key: str, value: str, depth: int) -> Iterator[str]:
    yield from _secrets(key, value, Suspicion.NONE, depth + 1)
    # Of a signed address it is what is long and without any sense.
    if len(value) >= 32 and _looks_random(value):  # noqa: PLR2004
        yield value


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Names and values that are written in a text of any form."""
    for pattern in (_PAIR, _NETRC, _FLAG, _ELEMENT):
        for name, *values in (match.groups("") for match in pattern.finditer(text)):
            if pattern is _ELEMENT and not name:
                yield values[1], values[2]
                continue
            value = next(filter(None, values), "")
            yield name, value
            if "," in value:
                yield name, value.partition(",")[0]


def _of_base64(name: str, text: str, depth: int) -> Iterator[str]:
    """What is encoded there, as Docker and Kubernetes do: `user:password`, or a whole file."""
    digits = "".join(text.split())
    if not _BASE64.fullmatch(digits):
        return
    digits = digits.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        decoded = base64.b64decode(digits + "=" * (-len(digits) % 4)).decode()
    except ValueError:
        return
    if all(character.isprintable() or character.isspace() for character in decoded):
        yield from _secrets(name, decoded, Suspicion.NONE, depth + 1)


def _is_plausible(value: str, suspicion: Suspicion, words: tuple[str, ...]) -> bool:
    """Whether hiding the value hides a secret, and not every `postgres` or `********`."""
    if (
        suspicion is Suspicion.NONE
        or len(value) < SHORTEST
        or len(set(value)) < _FEWEST_CHARACTERS
        or _REFERENCE.fullmatch(value)
        or _PATH.fullmatch(value)
        or _URL.fullmatch(value)
    ):
        return False
    if re.fullmatch(r"[\d.,:+-]+", value):
        return value.isdigit() and any(map(_TYPED.fullmatch, words))
    if suspicion is Suspicion.STRONG:
        return len(value) >= _SHORTEST_WORD or not _WORDS.fullmatch(value)
    if "SEED" in words and len(value.split()) >= _WORDS_OF_A_SEED:
        return True
    shortest = _SHORTEST_OF_OTHER_KEYS if "KEY" in words else _SHORTEST_WEAK
    return len(value) >= shortest and _looks_random(value)


def _looks_random(value: str) -> bool:
    """Whether it is neither words nor a name, a host, a path or a commit."""
    return (
        len(value) >= _SHORTEST_WEAK
        and len(set(value)) >= _FEWEST_CHARACTERS
        and not any(
            pattern.fullmatch(value)
            for pattern in (_WORDS, _SLUG, _HOST, _PATH, _COMMIT, _URL, _REFERENCE)
        )
    )
