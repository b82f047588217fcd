"""GitHub's side of OpenID Connect: identity tokens for the steps of a job."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

from doubles.databricks.request import Answer, Request
from doubles.databricks.routes import Route

ISSUER = "https://token.actions.githubusercontent.com"
_PATH = "/github-oidc/token"


class Identity:
    """One job's: `subject` says which. A token lives `lifetime` seconds: five minutes on GitHub.

    A real job asks another host than the workspace.
    """

    def __init__(self, host: Callable[[], str]) -> None:
        self._host = host
        self._key = secrets.token_bytes(32)
        self._request_token = secrets.token_urlsafe(32)
        self.subject = "repo:acme/agents:ref:refs/heads/main"
        self.lifetime = 300

    @property
    def env(self) -> dict[str, str]:
        """The variables of a job with `permissions: {id-token: write}`."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self._host()}{_PATH}?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self._request_token,
        }

    def token(self, audience: str) -> str:
        """An identity token of the job."""
        now = int(time.time())
        return sign(
            {
                "iss": ISSUER,
                "sub": self.subject,
                "aud": audience,
                "iat": now,
                "exp": now + self.lifetime,
            },
            self._key,
        )

    def claims(self, token: str) -> dict[str, Any] | None:
        """What a token says, None when it wasn't made here."""
        head, _, rest = token.partition(".")
        body = rest.partition(".")[0]
        if not hmac.compare_digest(
            token, f"{head}.{body}.{_signature(f'{head}.{body}', self._key)}"
        ):
            return None
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
        return claims

    def routes(self) -> Iterator[Route]:
        query = frozenset({"api-version", "audience"})
        yield Route("GET", _PATH, self._give, query=query, public=True)

    def _give(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self._request_token}":
            return Answer({"message": "Bad credentials"}, 401)
        # Without an audience it is for the repository's owner.
        audience = request.query.get("audience", "https://github.com/acme")
        return Answer({"value": self.token(audience)})


def sign(claims: dict[str, Any], key: bytes) -> str:
    """A JSON web token."""
    head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = f"{head}.{_encoded(json.dumps(claims).encode())}"
    return f"{body}.{_signature(body, key)}"


def _signature(body: str, key: bytes) -> str:
    return _encoded(hmac.new(key, body.encode(), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
