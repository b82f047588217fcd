"""The process that has the credentials: for every line that it reads, it prints a token as JSON.

`python -I -m entrypoint.databricks.auth.token_process_main`, with the step's own environment. The
Databricks SDK reads its variables and files there as in any script of the user's. It is a process
of its own because the SDK waits for tokens without a limit, and only a process can be ended, and so
that MLflow, in the control process, never has the credentials.
"""

import base64
import json
import sys
import time
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from entrypoint.databricks.auth.token_process import UNKNOWN_LIFETIME_SECONDS
from entrypoint.databricks.store_errors import message_of

if TYPE_CHECKING:
    from databricks.sdk.config import Config

# What the SDK requests before it logs in is answered at once, or the host is wrong.
_TIMEOUT_SECONDS, _RETRY_SECONDS = 10, 5
# A personal access token doesn't say when it ends.
_UNLIMITED = {"pat"}
_NO_EXPIRY = "OAuth tokens are not available"
_MAX_CHARS = 4000


def main() -> None:
    """Answer every line with a line of JSON, until there are no more."""
    for _ in sys.stdin:
        # What else is printed must not be taken for an answer.
        with redirect_stdout(sys.stderr):
            answer = _answer()
        print(json.dumps(answer), flush=True)


def _answer() -> dict[str, Any]:
    config = None
    try:
        # Here and not above, so that its failing to import is an answer too.
        from databricks.sdk.config import Config  # noqa: PLC0415

        config = Config(
            http_timeout_seconds=_TIMEOUT_SECONDS,
            retry_timeout_seconds=_RETRY_SECONDS,
            # Its threads are waited for when a process ends.
            disable_async_token_refresh=True,
        )
        return {"host": config.host, **_token(config)}
    except Exception as error:  # noqa: BLE001 - the SDK raises many
        return {
            "error": (message_of(error) or type(error).__name__)[:_MAX_CHARS],
            "claims": _claims(config) if config else {},
        }


def _token(config: "Config") -> dict[str, Any]:
    """The token, and its lifetime in seconds, None for one that doesn't end."""
    try:
        token = config.oauth_token()
    except ValueError as error:
        if _NO_EXPIRY not in str(error):
            raise
        kind, _, value = config.authenticate().get("Authorization", "").partition(" ")
        if kind != "Bearer":
            message = f"{config.auth_type} authentication has no token"
            raise ValueError(message) from error
        lifetime = None if config.auth_type in _UNLIMITED else UNKNOWN_LIFETIME_SECONDS
        return {"token": value, "lifetime": lifetime}
    if token.expiry is None:
        return {"token": token.access_token, "lifetime": UNKNOWN_LIFETIME_SECONDS}
    return {"token": token.access_token, "lifetime": token.expiry.timestamp() - time.time()}


def _claims(config: "Config") -> dict[str, str]:
    """The claims of this job's identity token that a federation policy must name."""
    if config.auth_type != "github-oidc":
        return {}
    from databricks.sdk.oidc_token_supplier import GitHubOIDCTokenSupplier  # noqa: PLC0415

    try:
        audience = config.token_audience or f"{config.host}/oidc/v1/token"
        token = GitHubOIDCTokenSupplier().get_oidc_token(audience) or ""
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return {name: str(claims[name]) for name in ("iss", "sub", "aud")}
    except Exception:  # noqa: BLE001 - it only helps to explain the failure
        return {}


if __name__ == "__main__":
    main()
