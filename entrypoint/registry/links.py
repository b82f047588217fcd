"""Pages of runs and versions, as people open them."""

from urllib.parse import quote


def run_url(tracking_uri: str, host: str, experiment_id: str, run_id: str) -> str:
    """The page of a run; empty where there is none. `host`: the Databricks workspace's address."""
    path = f"experiments/{experiment_id}/runs/{run_id}"
    if tracking_uri.startswith("databricks"):
        return f"{host}/ml/{path}" if host else ""
    return f"{tracking_uri.rstrip('/')}/#/{path}" if _is_server(tracking_uri) else ""


def model_url(registry_uri: str, host: str, name: str, version: str) -> str:
    """The page of a model version; empty where there is none."""
    if registry_uri.startswith("databricks-uc"):
        path = "/".join(quote(level, safe="") for level in name.split("."))
        return f"{host}/explore/data/models/{path}/version/{version}" if host else ""
    if _is_server(registry_uri):
        return f"{registry_uri.rstrip('/')}/#/models/{quote(name, safe='')}/versions/{version}"
    return ""


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))
