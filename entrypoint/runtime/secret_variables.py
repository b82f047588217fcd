"""Which variables hold secrets, by what they are called and by what their values look like."""

import base64
import json
import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Any
from urllib.parse import unquote, unquote_plus

from entrypoint.runtime import token_shapes


class _Suspicion(IntEnum):
    """How much a name says that its value is a secret."""

    NONE = 0
    # The value has to look like one as well.
    WEAK = 1
    STRONG = 2


# The last part of a word of the name, and whole words.
_STRONG = re.compile(
    r".*(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|CREDENTIAL|CRED|WEBHOOK|COOKIE)S?"
    r"|.*(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|MASTER|ACCOUNT|SHARED)KEYS?"
    r"|(?!BYPASS|COMPASS|TRESPASS).*PASS|.*PWD"
    r"|BEARER|HMAC|JWT|MFA|MNEMONIC|OTP|PAT|PEPPER|PHRASE|PIN|PSK|PW|SALT|TOTP"
)
_WEAK = re.compile(
    r".*AUTH|.*KEY|.*CERT|AUTHORIZATION|CERTIFICATE|CONNSTR|DSN|JWK|KEYS|KEYSTORE|NONCE|P12|PEM|PFX"
    r"|SAS|SEED|SESSION|SESSID|SIG|SIGNATURE"
)
# A key with one of these words opens a door; another one is mostly a word, and long if it isn't.
_OPENS = re.compile(
    "ACCESS|ACCOUNT|ADMIN|API|APP|AUTH|CLIENT|DEPLOY|ENCRYPTION|FERNET|FUNCTION|HMAC|JWT|LICENSE"
    "|MASTER|PRIVATE|SECRET|SERVICE|SESSION|SHARED|SIGNING|SSH|STORAGE|SUBSCRIPTION"
)
_OPENS_NOTHING = {"CACHE", "FOREIGN", "PARTITION", "PRIMARY", "PUBLIC", "SORT"}
_SHORTEST_OF_OTHER_KEYS = 16
# The last word, where it says what is not the secret itself: where it is, what it is called, how
# long it may be.
_OF_NO_SECRET = re.compile(
    "ADDRESS|AGE|ALGORITHM|ALIAS|ARN|AUDIENCE|BUDGET|COUNT|DIR|DIRECTORY|DOMAIN|DURATION|EMAIL"
    "|ENABLED|ENDPOINT|EXPIRATION|EXPIRES|EXPIRY|FILE|FILENAME|FINGERPRINT|FOLDER|FORMAT|GROUP"
    "|HOST|HOSTNAME|IDS?|ISSUER|LABEL|LENGTH|LEN|LIFETIME|LIMIT|MANAGER|METHODS?|MODE|NAMES?|ORG"
    "|OWNER|PATH|POLICY|PORT|PREFIX|PROVIDER|REGION|ROLE|SAMESITE|SCHEME|SCOPES?|SECONDS|SIZE|SOCK"
    "|STORE|STRATEGY|SUBJECT|SUFFIX|TIMEOUT|TTL|TYPE|URIS?|URLS?|USAGE|USER|USERNAME|VAULT|VERSION"
)
_ACCESS_KEY_ID = re.compile(r"ACCESS_?KEY_?ID$")
# The working directory, and the fingerprint in Docker's image of Python.
_NO_SECRETS = {"PWD", "OLDPWD", "GPG_KEY"}
# What is made of digits alone is a number, except where people type it.
_TYPED = re.compile(r".*(?:PASS|PASSWORD|PASSWD|PASSCODE|PWD)|MFA|OTP|PIN|PW|TOTP")

_SHORTEST, _SHORTEST_WEAK, _SHORTEST_WORD, _SHORTEST_USER = 6, 8, 12, 20
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
_DEEPEST = 6


def secrets_of(name: str, value: str) -> Iterator[str]:
    """Every secret that a variable holds: its value, or what is written in it, at any depth."""
    return _secrets(name, value, _Suspicion.NONE, 0)


def _secrets(name: str, value: str, inherited: _Suspicion, depth: int) -> Iterator[str]:
    """`inherited`: how suspicious the name is of what the value was found in."""
    text = value.strip()
    if depth > _DEEPEST or len(text) < _SHORTEST:
        return
    words = _words(name)
    suspicion = _suspicion(name, words, inherited)
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
    below = min(suspicion, _Suspicion.WEAK)
    for key, content in _pairs(text):
        yield from _secrets(key, content, below, depth + 1)
    yield from _of_base64(name, text, depth)


def _if_password(text: str) -> Iterator[str]:
    if _is_plausible(text, _Suspicion.STRONG, ("PASSWORD",)) and not _WORDS.fullmatch(text):
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


def _of_json(name: str, content: Any, inherited: _Suspicion, depth: int) -> Iterator[str]:
    match content:
        case dict() if depth <= _DEEPEST:
            # Kubernetes and others write lists of names and values.
            if isinstance(called := content.get("name", content.get("key")), str):
                yield from _of_json(called, content.get("value"), inherited, depth + 1)
            for key, value in content.items():
                suspicion = _suspicion(key, _words(key), inherited)
                yield from _of_json(key, value, suspicion, depth + 1)
        case list() if depth <= _DEEPEST:
            for value in content:
                yield from _of_json(name, value, inherited, depth + 1)
        case str():
            yield from _secrets(name, content, inherited, depth)
        case int() if not isinstance(content, bool):
            yield from _secrets(name, str(content), _Suspicion.NONE, depth)


def _of_urls(text: str, words: tuple[str, ...], depth: int) -> Iterator[str]:
    for user, password in _USER.findall(text):
        for part, shortest in ((user, _SHORTEST_USER), (password, _SHORTEST)):
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
    yield from _secrets(key, value, _Suspicion.NONE, depth + 1)
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
        yield from _secrets(name, decoded, _Suspicion.NONE, depth + 1)


def _words(name: str) -> tuple[str, ...]:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)  # clientSecret
    return tuple(word for word in re.split(r"[^A-Za-z]+", apart.upper()) if word)


def _suspicion(name: str, words: tuple[str, ...], inherited: _Suspicion) -> _Suspicion:
    if not words:
        return inherited
    if _ACCESS_KEY_ID.search("_".join(words)):
        return _Suspicion.STRONG
    if name in _NO_SECRETS or _OF_NO_SECRET.fullmatch(words[-1]):
        return _Suspicion.NONE
    return max(inherited, _of_words(words))


def _of_words(words: tuple[str, ...]) -> _Suspicion:
    if any(map(_STRONG.fullmatch, words)):
        # `TOKEN_HEADER=X-Api-Key`, and `TOKEN_HEADER=Bearer …`
        return _Suspicion.WEAK if words[-1] == "HEADER" else _Suspicion.STRONG
    if words[-1] == "KEY" and any(map(_OPENS.fullmatch, words)):
        return _Suspicion.STRONG
    if "KEY" in words and _OPENS_NOTHING.intersection(words):
        return _Suspicion.NONE
    is_connection = "CONNECTION" in words and words[-1] in ("CONNECTION", "STRING")
    return _Suspicion(is_connection or any(map(_WEAK.fullmatch, words)))


def _is_plausible(value: str, suspicion: _Suspicion, words: tuple[str, ...]) -> bool:
    """Whether hiding the value hides a secret, and not every `postgres` or `********`."""
    if (
        suspicion is _Suspicion.NONE
        or len(value) < _SHORTEST
        or len(set(value)) < _FEWEST_CHARACTERS
        or _REFERENCE.fullmatch(value)
        or _PATH.fullmatch(value)
        or _URL.fullmatch(value)
    ):
        return False
    if re.fullmatch(r"[\d.,:+-]+", value):
        return value.isdigit() and any(map(_TYPED.fullmatch, words))
    if suspicion is _Suspicion.STRONG:
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
