"""The tokens that a workspace knows."""

import secrets
import threading
import time
from email.message import Message

from doubles.databricks.request import Principal, Refusal


class Login:
    """Who is who: each token with its principal, and how long it lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[Principal, float]] = {}

    def token(self, principal: str, lifetime: float = float("inf")) -> str:
        """Make a personal access token, which lives some seconds."""
        token = "dapi" + secrets.token_hex(16)
        self.keep(token, principal, lifetime)
        return token

    def keep(self, token: str, principal: str, lifetime: float) -> None:
        """Know a token."""
        with self._lock:
            self._tokens[token] = (Principal(principal), time.monotonic() + lifetime)

    def revoke(self, token: str) -> None:
        """Know a token no more."""
        with self._lock:
            self._tokens.pop(token, None)

    def revoke_of(self, headers: Message) -> None:
        """Know the token of a request no more."""
        self.revoke((headers.get("Authorization") or "").removeprefix("Bearer "))

    def principal(self, headers: Message) -> Principal:
        """Who sent a request.

        An unknown or expired token is 403 with a *number* for a code, as Databricks answers it; 401
        is for requests without one.
        https://github.com/databricks/databricks-sdk-go/issues/917

        Raises:
            Refusal: nobody whom the workspace knows.

        """
        kind, _, token = (headers.get("Authorization") or "").partition(" ")
        if kind != "Bearer" or not token:
            raise Refusal(
                401, 401, "Credential was not sent or was of an unsupported type for this API."
            )
        with self._lock:
            principal, expires = self._tokens.get(token, (Principal(""), 0.0))
        if expires <= time.monotonic():
            raise Refusal(403, 403, "Invalid access token.")
        return principal
