"""Addresses of the pages of runs and model versions."""

from urllib.parse import quote

from entrypoint.databricks.auth.workspace_host import Identity


def run_url(tracking_uri: str, identity: Identity, experiment_id: str, run_id: str) -> str:
    """The page of a run; empty where there is none. `identity`: who we are at Databricks."""
    path = f"experiments/{experiment_id}/runs/{run_id}"
    if tracking_uri.startswith("databricks"):
        return _at_databricks(identity, f"ml/{path}")
    return f"{tracking_uri.rstrip('/')}/#/{path}" if _is_server(tracking_uri) else ""


def model_url(registry_uri: str, identity: Identity, name: str, version: str) -> str:
    """The page of a model version; empty where there is none."""
    if registry_uri.startswith("databricks-uc"):
        path = "/".join(quote(level, safe="") for level in name.split("."))
        return _at_databricks(identity, f"explore/data/models/{path}/version/{version}")
    if _is_server(registry_uri):
        return f"{registry_uri.rstrip('/')}/#/models/{quote(name, safe='')}/versions/{version}"
    return ""


def _at_databricks(identity: Identity, path: str) -> str:
    if not identity.host:
        return ""
    # Several workspaces can have one address; a workspace with one of its own may call itself 0.
    number = f"?o={identity.workspace_id}" if identity.workspace_id.strip("0") else ""
    return f"{identity.host}/{path}{number}"


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))
