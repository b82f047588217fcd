"""The variables with which the Databricks SDK logs in.

https://docs.databricks.com/aws/en/dev-tools/auth/env-vars
"""

from collections.abc import Mapping

# Secrets, and where they are kept. Only the token process gets these: the agent and MLflow get a
# short-lived token.
_CREDENTIALS = {
    "ARM_CLIENT_SECRET",
    "DATABRICKS_CLIENT_SECRET",
    "DATABRICKS_CONFIG_FILE",
    "DATABRICKS_CONFIG_PROFILE",
    "DATABRICKS_METADATA_SERVICE_URL",
    "DATABRICKS_OIDC_TOKEN",
    "DATABRICKS_OIDC_TOKEN_ENV",
    "DATABRICKS_OIDC_TOKEN_FILE",
    "DATABRICKS_OIDC_TOKEN_FILEPATH",
    "DATABRICKS_PASSWORD",
    "DATABRICKS_TOKEN",
    "DATABRICKS_USERNAME",
}
# Every job with `id-token: write` has these, whatever it logs in to.
_OF_GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"}
# They say how to log in, and are no secrets.
_SETTINGS = {
    "ARM_CLIENT_ID",
    "DATABRICKS_AUTH_TYPE",
    "DATABRICKS_CLIENT_ID",
    "DATABRICKS_GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_CREDENTIALS",
}
_WORKSPACES = ("DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_AZURE_RESOURCE_ID")

# What each kind of login that gets a token needs, and how the SDK calls it; the best first.
# https://docs.databricks.com/en/dev-tools/auth/unified-auth
_KINDS = {
    "github-oidc": ("DATABRICKS_CLIENT_ID", "ACTIONS_ID_TOKEN_REQUEST_URL"),
    "oauth-m2m": ("DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"),
    "pat": ("DATABRICKS_TOKEN",),
    "azure-client-secret": ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET"),
    "google-credentials": ("GOOGLE_CREDENTIALS",),
}


def names(environ: Mapping[str, str]) -> set[str]:
    """The names of all credentials; one can be in a variable that the user has named."""
    return (_CREDENTIALS | _OF_GITHUB | {environ.get("DATABRICKS_OIDC_TOKEN_ENV", "")}) - {""}


def name_workspace(environ: Mapping[str, str]) -> bool:
    """Whether a workspace is named; otherwise the SDK would use a profile of this machine."""
    return any(environ.get(name) for name in _WORKSPACES)


def given(environ: Mapping[str, str]) -> list[str]:
    """What there is to log in with at Databricks, by name; an empty variable is nothing."""
    wanted = (names(environ) | _SETTINGS) - _OF_GITHUB
    return sorted(name for name in wanted if environ.get(name))


def kinds(environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The kinds of login for which everything is there, the best first, with their variables."""
    return {kind: needs for kind, needs in _KINDS.items() if all(map(environ.get, needs))}


def are_plain_token(environ: Mapping[str, str]) -> bool:
    """Whether a personal access token is all there is, so that no other token is fetched."""
    given_here = {name for name in given(environ) if name != "DATABRICKS_AUTH_TYPE"}
    kind = environ.get("DATABRICKS_AUTH_TYPE", "")
    return (
        bool(environ.get("DATABRICKS_HOST"))
        and given_here == {"DATABRICKS_TOKEN"}
        and kind in ("", "pat")
    )
