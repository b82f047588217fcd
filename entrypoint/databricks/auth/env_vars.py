"""The variables with which the Databricks SDK logs in.

https://docs.databricks.com/en/dev-tools/auth/env-vars.html
"""

from collections.abc import Mapping

# What opens the door, and where that is kept. Only the mint gets these: foreign programs and MLflow
# get a short-lived token.
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
# Every job that may log in somewhere by its identity has these, not only at Databricks.
_OF_GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"}
# What says how to log in, and is no secret.
_WAYS = {
    "ARM_CLIENT_ID",
    "DATABRICKS_AUTH_TYPE",
    "DATABRICKS_CLIENT_ID",
    "DATABRICKS_GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_CREDENTIALS",
}
_WORKSPACES = ("DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_AZURE_RESOURCE_ID")


def names(environ: Mapping[str, str]) -> set[str]:
    """The names of all credentials; one can be in a variable that the user has named."""
    return (_CREDENTIALS | _OF_GITHUB | {environ.get("DATABRICKS_OIDC_TOKEN_ENV", "")}) - {""}


def name_workspace(environ: Mapping[str, str]) -> bool:
    """Whether a workspace is named; the SDK would look for one on this machine otherwise."""
    return any(environ.get(name) for name in _WORKSPACES)


def given(environ: Mapping[str, str]) -> list[str]:
    """What there is to log in with at Databricks, by name; an empty variable is nothing."""
    wanted = (names(environ) | _WAYS) - _OF_GITHUB
    return sorted(name for name in wanted if environ.get(name))


def are_plain_token(environ: Mapping[str, str]) -> bool:
    """Whether a personal access token is all there is, and nothing need be minted."""
    given_here = {name for name in given(environ) if name != "DATABRICKS_AUTH_TYPE"}
    kind = environ.get("DATABRICKS_AUTH_TYPE", "")
    return (
        bool(environ.get("DATABRICKS_HOST"))
        and given_here == {"DATABRICKS_TOKEN"}
        and kind in ("", "pat")
    )
