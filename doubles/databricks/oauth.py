"""How service principals get tokens: with a secret, or with another's identity token."""

import base64
import binascii
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from doubles.databricks.identity import ISSUER, Identity, sign
from doubles.databricks.login import Login
from doubles.databricks.request import Answer, Refusal, Request
from doubles.databricks.routes import Route

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_GRANT_FIELDS = {"grant_type", "scope", "authorization_details"}
_EXCHANGE_FIELDS = _GRANT_FIELDS | {
    "client_id",
    "subject_token",
    "subject_token_type",
    "requested_token_type",
}


@dataclass(frozen=True)
class Policy:
    """A service principal's federation policy: whose workload may log in as it."""

    subject: str
    audience: str
    issuer: str = ISSUER


class OAuthRefusal(Refusal):
    """An error as OAuth spells it."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(status, error, description)
        self.answer = Answer({"error": error, "error_description": description}, status)


class OAuth:
    """Tokens that live `lifetime` seconds; exchanged ones no longer than the identity token.

    `expires_in` is what is said of that where it isn't the truth.
    """

    def __init__(
        self, login: Login, identity: Identity, host: Callable[[], str], ids: Mapping[str, str]
    ) -> None:
        self._login = login
        self._identity = identity
        self._host = host
        self._ids = ids
        self._key = secrets.token_bytes(32)
        self._secrets: dict[str, str] = {}
        self._policies: dict[str, list[Policy]] = {}
        self.lifetime = 3600
        self.expires_in: int | None = None

    @property
    def audience(self) -> str:
        """Whom an identity token must be for, unless a policy says another."""
        return f"{self._host()}/oidc/v1/token"

    def secret(self, client_id: str) -> str:
        """Make a secret of a service principal."""
        self._secrets[client_id] = "dose" + secrets.token_hex(16)
        return self._secrets[client_id]

    def trust(self, client_id: str, *, subject: str = "", audience: str = "") -> Policy:
        """Let identity tokens log in as a service principal; by default, those of this job."""
        policy = Policy(subject or self._identity.subject, audience or self.audience)
        self._policies.setdefault(client_id, []).append(policy)
        return policy

    def routes(self) -> Iterator[Route]:
        server = "/oidc/.well-known/oauth-authorization-server"
        yield Route("GET", "/.well-known/databricks-config", self._config, public=True)
        yield Route("GET", server, self._endpoints, public=True)
        yield Route("POST", "/oidc/v1/token", self._grant, opaque=True, public=True, asks=True)

    def _config(self, _request: Request) -> Answer:
        return Answer(
            {
                "oidc_endpoint": f"{self._host()}/oidc",
                "cloud": "AWS",
                "token_federation_default_oidc_audiences": [self.audience],
                **self._ids,
            }
        )

    def _endpoints(self, _request: Request) -> Answer:
        return Answer(
            {
                "issuer": f"{self._host()}/oidc",
                "authorization_endpoint": f"{self._host()}/oidc/v1/authorize",
                "token_endpoint": f"{self._host()}/oidc/v1/token",
            }
        )

    def _grant(self, request: Request) -> Answer:
        fields = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        grant = fields.get("grant_type")
        if grant == "client_credentials":
            principal, lifetime = self._by_secret(request, fields), self.lifetime
        elif grant == _EXCHANGE:
            principal, lifetime = self._by_exchange(fields)
        else:
            raise OAuthRefusal(400, "unsupported_grant_type", f"No such grant type: {grant}")
        if fields.get("scope") != "all-apis":
            raise OAuthRefusal(400, "invalid_scope", "The scope must be all-apis")
        token = sign(
            {"sub": principal, "scope": "all-apis", "jti": secrets.token_hex(8)}, self._key
        )
        self._login.keep(token, principal, lifetime)
        return Answer(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": lifetime if self.expires_in is None else self.expires_in,
                "scope": "all-apis",
            }
        )

    def _by_secret(self, request: Request, fields: Mapping[str, str]) -> str:
        kind, _, encoded = (request.headers.get("Authorization") or "").partition(" ")
        if unknown := fields.keys() - _GRANT_FIELDS:
            raise OAuthRefusal(400, "invalid_request", f"Unknown fields: {sorted(unknown)}")
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client_id = secret = ""
        if kind != "Basic" or not secret or self._secrets.get(client_id) != secret:
            raise OAuthRefusal(401, "invalid_client", "Client authentication failed")
        return client_id

    def _by_exchange(self, fields: Mapping[str, str]) -> tuple[str, int]:
        if unknown := fields.keys() - _EXCHANGE_FIELDS:
            raise OAuthRefusal(400, "invalid_request", f"Unknown fields: {sorted(unknown)}")
        if fields.get("subject_token_type") != _JWT:
            raise OAuthRefusal(400, "invalid_request", f"The subject_token_type must be {_JWT}")
        claims = self._identity.claims(fields.get("subject_token", ""))
        if claims is None:
            raise OAuthRefusal(400, "invalid_grant", "The subject token's signature is wrong")
        left = claims["exp"] - int(time.time())
        if left <= 0:
            raise OAuthRefusal(400, "invalid_grant", "The subject token is expired")
        client_id = fields.get("client_id", "")
        wanted = Policy(claims["sub"], claims["aud"], claims["iss"])
        if wanted not in self._policies.get(client_id, []):
            raise OAuthRefusal(
                400, "invalid_grant", f"No federation policy of {client_id} fits {wanted}"
            )
        return client_id, min(left, self.lifetime)
