"""Pages of runs and versions, as people open them."""

from urllib.parse import quote

from entrypoint.databricks.auth.workspace_host import Identity


def run_url(tracking_uri: str, who: Identity, experiment_id: str, run_id: str) -> str:
    """The page of a run; empty where there is none. `who`: we, at Databricks."""
    path = f"experiments/{experiment_id}/runs/{run_id}"
    if tracking_uri.startswith("databricks"):
        return _at_databricks(who, f"ml/{path}")
    return f"{tracking_uri.rstrip('/')}/#/{path}" if _is_server(tracking_uri) else ""


def model_url(registry_uri: str, who: Identity, name: str, version: str) -> str:
    """The page of a model version; empty where there is none."""
    if registry_uri.startswith("databricks-uc"):
        path = "/".join(quote(level, safe="") for level in name.split("."))
        return _at_databricks(who, f"explore/data/models/{path}/version/{version}")
    if _is_server(registry_uri):
        return f"{registry_uri.rstrip('/')}/#/models/{quote(name, safe='')}/versions/{version}"
    return ""


def _at_databricks(who: Identity, path: str) -> str:
    if not who.host:
        return ""
    # Several workspaces can have one address; a workspace with one of its own may call itself 0.
    number = f"?o={who.workspace_id}" if who.workspace_id.strip("0") else ""
    return f"{who.host}/{path}{number}"


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))
