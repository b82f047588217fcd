"""The login at Databricks, as its SDK reads it from the environment."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it takes a while to import, which a job without a login needn't wait for
    from databricks.sdk import WorkspaceClient

# Seconds. What is looked up is a comfort, so it isn't waited for as long as what is published.
_TIMEOUT = 10
_RETRY_TIMEOUT = 20


def is_configured(environ: Mapping[str, str]) -> bool:
    """Whether the step names a workspace; without, the SDK would look for one on this machine."""
    return any(environ.get(name) for name in ("DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE"))


def connect() -> "WorkspaceClient":
    """A client for questions that are soon answered.

    Its token is made once: the SDK's `github-oidc` makes one for every request.

    Raises:
        ValueError: no login is configured, or the workspace refuses it.
        OSError: the workspace can't be reached.

    """
    from databricks.sdk import WorkspaceClient  # noqa: PLC0415
    from databricks.sdk.config import Config  # noqa: PLC0415

    config = Config(http_timeout_seconds=_TIMEOUT, retry_timeout_seconds=_RETRY_TIMEOUT)
    token = config.authenticate()["Authorization"].removeprefix("Bearer ")
    return WorkspaceClient(
        config=Config(
            host=config.host,
            token=token,
            auth_type="pat",
            http_timeout_seconds=_TIMEOUT,
            retry_timeout_seconds=_RETRY_TIMEOUT,
        )
    )
