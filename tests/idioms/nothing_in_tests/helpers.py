"""Helpers of the checks."""

from databricks.sdk import WorkspaceClient


def workspace_with(endpoint: str) -> bool:
    return WorkspaceClient().serving_endpoints.get(endpoint) is not None
