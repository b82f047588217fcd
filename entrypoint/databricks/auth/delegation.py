"""The login of other programs: they get the job's token, and never the step's credentials."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from entrypoint.databricks.auth.login import Login
from entrypoint.databricks.auth.token_process import WorkspaceToken
from entrypoint.databricks.auth.token_server import serving

if TYPE_CHECKING:  # it takes a while to import, which a job without a login needn't wait for
    from databricks.sdk import WorkspaceClient

# For look-ups that the job can do without.
_TIMEOUT_SECONDS = 10
_RETRY_SECONDS = 20
_FOR_MLFLOW = {"DATABRICKS_AUTH_TYPE": "pat", "MLFLOW_ENABLE_DB_SDK": "false"}
_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


@contextmanager
def delegated_environ(login: Login, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables that log another program in, until the `with` block ends.

    The SDK requests the token whenever it needs one; other libraries use the current one. Empty
    when the job isn't logged in. `environ`: the program's other variables.
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
            **_without_proxies(environ),
        }


@contextmanager
def mlflow_login(login: Login, environ: MutableMapping[str, str]) -> Iterator[None]:
    """Log in MLflow, which reads `environ`, this process's own, for each request.

    Through the SDK, its default, it would create a client for each request, and every client first
    requests the workspace's configuration.
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
    """A client for requests that are answered soon.

    Raises:
        LoginFailure: the job isn't logged in.

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
            http_timeout_seconds=_TIMEOUT_SECONDS,
            retry_timeout_seconds=_RETRY_SECONDS,
        )
    )


def _without_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Older SDKs send requests to loopback through a proxy too."""
    if not any(environ.get(name) for name in _PROXIES):
        return {}
    hosts = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    value = f"{hosts},127.0.0.1".lstrip(",")
    return {"no_proxy": value, "NO_PROXY": value}
