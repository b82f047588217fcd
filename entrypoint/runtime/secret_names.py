"""What a variable's name says about its value: that it is a secret, may be one, or is none."""

import re
from enum import IntEnum


class Suspicion(IntEnum):
    """How much a variable's name says that its value is a secret."""

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
# With one of these words a key is a secret; another key mostly is a word, and long if it isn't.
_SECRET_KEYS = re.compile(
    "ACCESS|ACCOUNT|ADMIN|API|APP|AUTH|CLIENT|DEPLOY|ENCRYPTION|FERNET|FUNCTION|HMAC|JWT|LICENSE"
    "|MASTER|PRIVATE|SECRET|SERVICE|SESSION|SHARED|SIGNING|SSH|STORAGE|SUBSCRIPTION"
)
_NOT_SECRET_KEYS = {"CACHE", "FOREIGN", "PARTITION", "PRIMARY", "PUBLIC", "SORT"}
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


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in capitals: `clientSecret` has two."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return tuple(word for word in re.split(r"[^A-Za-z]+", apart.upper()) if word)


def suspicion_of(name: str, words: tuple[str, ...], inherited: Suspicion) -> Suspicion:
    """How suspicious a name of these words is; `inherited`: that of what it was found in."""
    if not words:
        return inherited
    if _ACCESS_KEY_ID.search("_".join(words)):
        return Suspicion.STRONG
    if name in _NO_SECRETS or _OF_NO_SECRET.fullmatch(words[-1]):
        return Suspicion.NONE
    return max(inherited, _of_words(words))


def _of_words(words: tuple[str, ...]) -> Suspicion:
    if any(map(_STRONG.fullmatch, words)):
        # `TOKEN_HEADER=X-Api-Key`, and `TOKEN_HEADER=Bearer …`
        return Suspicion.WEAK if words[-1] == "HEADER" else Suspicion.STRONG
    if words[-1] == "KEY" and any(map(_SECRET_KEYS.fullmatch, words)):
        return Suspicion.STRONG
    if "KEY" in words and _NOT_SECRET_KEYS.intersection(words):
        return Suspicion.NONE
    is_connection = "CONNECTION" in words and words[-1] in ("CONNECTION", "STRING")
    return Suspicion(is_connection or any(map(_WEAK.fullmatch, words)))
