"""The tracking store and the registry that the job uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from entrypoint.inputs.inputs import Destination
from entrypoint.inputs.workspace import Workspace
from entrypoint.registry import embedded_store
from entrypoint.registry.embedded_store import ARTIFACTS
from entrypoint.runtime.errors import InputFailure, Problem

EMBEDDED = "embedded"
_DATABRICKS, _CATALOG = "databricks", "databricks-uc"
# Of the embedded store, in the checkout.
FOLDER = ".log-agent"

# For the control process, whose environment MLflow reads.
MLFLOW_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_PRINT_MODEL_URLS_ON_CREATION": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Else the names of the job's credential variables are written into the model.
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_UV_AUTO_DETECT": "false",
}


@dataclass(frozen=True)
class Stores:
    """Their URIs for MLflow; `artifacts` is that of an embedded store's artifacts, else None."""

    tracking_uri: str
    registry_uri: str
    artifacts: str | None = None

    @classmethod
    def choose(
        cls,
        inputs: Destination,
        environ: Mapping[str, str],
        workspace: Workspace,
        *,
        on_github: bool,
    ) -> Self | None:
        """Choose the stores; None when nothing is configured.

        On GitHub `embedded` must be requested: else a job without its DATABRICKS_HOST would
        succeed, and register into a file that is deleted with the runner.

        Raises:
            InputFailure: a URI has a password, or `.log-agent` can't be a folder to write into.

        """
        _check_no_credentials("tracking-uri", inputs.tracking_uri or "")
        _check_no_credentials("registry-uri", inputs.registry_uri or "")
        tracking = inputs.tracking_uri or _configured(environ) or ("" if on_github else EMBEDDED)
        if not tracking:
            return None
        if tracking == EMBEDDED:
            return cls._embedded(inputs.registry_uri, workspace)
        if tracking.startswith(_DATABRICKS):
            # MLflow's default would be the workspace's own registry.
            return cls(
                _without_profile(tracking), _without_profile(inputs.registry_uri or _CATALOG)
            )
        registry = inputs.registry_uri or environ.get("MLFLOW_REGISTRY_URI", "") or tracking
        return cls(tracking, _without_profile(registry))

    @classmethod
    def _embedded(cls, registry_uri: str | None, workspace: Workspace) -> Self:
        try:
            folder = workspace.own_folder(FOLDER)
        except ValueError as error:
            raise InputFailure(Problem(f"`tracking-uri`: `embedded`: {error}")) from error
        uri = embedded_store.uri(folder)
        return cls(uri, registry_uri or uri, (folder / ARTIFACTS).as_uri())

    @property
    def at_databricks(self) -> bool:
        """Whether one of them is a workspace's."""
        return self.tracks_at_databricks or self.registers_at_databricks

    @property
    def tracks_at_databricks(self) -> bool:
        """Whether the tracking store is a workspace's."""
        return self.tracking_uri.startswith(_DATABRICKS)

    @property
    def registers_at_databricks(self) -> bool:
        """Whether the registry is a workspace's."""
        return self.registry_uri.startswith(_DATABRICKS)

    @property
    def embedded_folder(self) -> Path | None:
        """The folder of the embedded store, None for other stores."""
        if not self.artifacts:
            return None
        return Path(unquote(urlsplit(self.artifacts).path)).parent


def login_environ(inputs: Destination, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for the login at Databricks, with the profile that a `databricks://` URI names.

    Raises:
        InputFailure: two profiles are named.

    """
    uris = (
        inputs.tracking_uri or environ.get("MLFLOW_TRACKING_URI", ""),
        inputs.registry_uri or environ.get("MLFLOW_REGISTRY_URI", ""),
    )
    profiles = {urlsplit(uri).netloc for uri in uris if uri.startswith(_DATABRICKS)} - {""}
    if len(profiles) > 1:
        raise InputFailure(
            Problem("`registry-uri` names another profile than `tracking-uri`: there is one login.")
        )
    profile = {"DATABRICKS_CONFIG_PROFILE": profiles.pop()} if profiles else {}
    return {**environ, **profile}


def not_configured(mode: str) -> InputFailure:
    """The error for a job on GitHub for which no store is configured."""
    return InputFailure(
        Problem(
            f"`tracking-uri`: `mode: {mode}` needs a place to write to, and none is configured.",
            "Give the step a Databricks workspace:\n\n"
            "    permissions:\n      id-token: write\n    ...\n"
            "      env:\n"
            "        DATABRICKS_HOST: https://<workspace>.cloud.databricks.com\n"
            "        DATABRICKS_AUTH_TYPE: github-oidc\n"
            "        DATABRICKS_CLIENT_ID: <service principal>\n\n"
            "or another MLflow server with `tracking-uri`, or `tracking-uri: embedded` for a trial"
            " that ends with the runner.",
        )
    )


def _check_no_credentials(name: str, uri: str) -> None:
    """Refuse a password in an address: MLflow prints those of servers, and they are shared."""
    address = urlsplit(uri)
    if address.scheme in ("http", "https") and "@" in address.netloc:
        raise InputFailure(
            Problem(
                f"`{name}`: the address holds a user or a password.",
                "Give them apart:\n\n    env:\n      MLFLOW_TRACKING_USERNAME: ...\n"
                "      MLFLOW_TRACKING_PASSWORD: ${{ secrets.MLFLOW_TRACKING_PASSWORD }}",
            )
        )


def _without_profile(uri: str) -> str:
    """The URI without `://<profile>`, which is for the login."""
    return uri.partition("://")[0] if uri.startswith(_DATABRICKS) else uri


def _configured(environ: Mapping[str, str]) -> str:
    if environ.get("DATABRICKS_HOST"):
        return _DATABRICKS
    return environ.get("MLFLOW_TRACKING_URI", "")
