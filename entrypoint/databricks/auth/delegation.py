"""The login, lent to other programs: they get its token, and never the step's credentials."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from entrypoint.databricks.auth.login import Login
from entrypoint.databricks.auth.token_process import WorkspaceToken
from entrypoint.databricks.auth.token_server import serving

if TYPE_CHECKING:  # it takes a while to import, which a job without a login needn't wait for
    from databricks.sdk import WorkspaceClient

# Seconds. What is looked up is a comfort, so it isn't waited for as long as what is published.
_TIMEOUT = 10
_RETRY_TIMEOUT = 20
_FOR_MLFLOW = {"DATABRICKS_AUTH_TYPE": "pat", "MLFLOW_ENABLE_DB_SDK": "false"}
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


@contextmanager
def delegated_environ(login: Login, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables with which another program is logged in too, as long as `with` lasts.

    Its SDK asks for the token whenever it needs one; a library that isn't the SDK takes the one of
    this moment. Empty when nobody is logged in. `environ`: what the program has besides.
    """
    if login.problem:
        yield {}
        return
    token = login.token()
    variables = {"DATABRICKS_HOST": token.host, "DATABRICKS_TOKEN": token.value}
    if token.expires is None:
        yield variables
        return
    with serving(login.token) as address:
        yield {
            **variables,
            "DATABRICKS_AUTH_TYPE": "metadata-service",
            "DATABRICKS_METADATA_SERVICE_URL": address,
            **_past_proxies(environ),
        }


@contextmanager
def mlflow_login(login: Login, environ: MutableMapping[str, str]) -> Iterator[None]:
    """Log in MLflow, which reads `environ`: this process's own.

    It takes the token from there for each request. By the SDK, its default, it would make a client
    for each request, and every client asks the workspace for its configuration first.
    """
    with delegated_environ(login, environ) as token:
        variables = {**_FOR_MLFLOW, **token} if token else {}
        before = {name: environ.get(name) for name in variables}

        def renew(new: WorkspaceToken) -> None:
            environ["DATABRICKS_TOKEN"] = new.value

        environ.update(variables)
        try:
            with login.followed_by(renew):
                yield
        finally:
            for name, value in before.items():
                environ.pop(name, None)
                if value is not None:
                    environ[name] = value


def connect(login: Login) -> "WorkspaceClient":
    """A client for questions that are soon answered.

    Raises:
        LoginFailure: nobody is logged in.

    """
    # First: the SDK takes a second to import, which a job without a login needn't.
    token = login.token()
    from databricks.sdk import WorkspaceClient  # noqa: PLC0415
    from databricks.sdk.config import Config  # noqa: PLC0415

    return WorkspaceClient(
        config=Config(
            host=token.host,
            token=token.value,
            auth_type="pat",
            http_timeout_seconds=_TIMEOUT,
            retry_timeout_seconds=_RETRY_TIMEOUT,
        )
    )


def _past_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Older SDKs ask a proxy even for what is on loopback."""
    if not any(environ.get(name) for name in _PROXIES):
        return {}
    hosts = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    value = f"{hosts},127.0.0.1".lstrip(",")
    return {"no_proxy": value, "NO_PROXY": value}
