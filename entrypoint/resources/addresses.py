"""What an address on Databricks, or a path of its REST API, gives access to.

The managed MCP servers: https://docs.databricks.com/aws/en/agents/mcp/managed-mcp
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

from entrypoint.resources.kinds import resource_of_model

# What refers by a statement.
SQL = "SQL"


@dataclass(frozen=True)
class Reference:
    """A resource that something refers to; `name` is None where it isn't known.

    A function's `catalog.schema.*` stands for all of the schema. `over_mcp`: through a managed MCP
    server, which has scopes of its own. `by`: the path, for a sentence; or `SQL`.
    """

    kind: str
    name: str | None
    over_mcp: bool = False
    by: str = ""


# Paths by the kind that they use, as the SDK (`databricks/sdk/service/`) and Databricks' other
# packages make them; a longer path below one of them uses the same. Where no `{name}` is in the
# path, the body has it: as the model, or it is not kept. `{+name}` may have several segments.
_PATHS = {
    "serving_endpoint": (
        "/serving-endpoints/{name}/invocations",
        "/serving-endpoints/{name}/served-models/{served}/invocations",
        "/serving-endpoints/gemini/{version}/models/{name}",
        "/serving-endpoints/anthropic/{version}/messages",
        "/serving-endpoints/chat/completions",
        "/serving-endpoints/completions",
        "/serving-endpoints/embeddings",
        "/serving-endpoints/responses",
        "/api/2.0/serving-endpoints/{name}",
    ),
    "mcp_service": (
        "/ai-gateway/mcp-services/{name}",
        "/api/2.1/unity-catalog/mcp-services/{name}",
    ),
    "uc_model_service": (
        "/ai-gateway/gemini/{version}/models/{name}",
        "/ai-gateway/{api}/{version}/chat/completions",
        "/ai-gateway/{api}/{version}/completions",
        "/ai-gateway/{api}/{version}/embeddings",
        "/ai-gateway/{api}/{version}/messages",
        "/ai-gateway/{api}/{version}/responses",
        "/api/2.1/unity-catalog/model-services/{name}",
    ),
    "vector_search_index": (
        "/api/2.0/vector-search/indexes/{name}",
        "/api/2.0/vector-search/endpoints/{endpoint}/indexes/{name}",
        "/api/2.0/ai-search/workspaces/{workspace}/endpoints/{endpoint}/indexes/{name}",
    ),
    "sql_warehouse": (
        "/api/2.0/sql/warehouses/{name}",
        "/api/2.0/sql/sessions",
        "/api/2.0/sql/statements",
        "/sql/1.0/warehouses/{name}",
        "/sql/1.0/endpoints/{name}",
    ),
    "genie_space": ("/api/2.0/genie/spaces/{name}",),
    "function": ("/api/2.1/unity-catalog/functions/{name}",),
    "table": ("/api/2.1/unity-catalog/tables/{name}",),
    "uc_connection": (
        "/api/2.0/external-function",
        "/api/2.0/unity-catalog/connections/{name}/proxy",
        "/api/2.1/unity-catalog/connections/{name}",
    ),
    "app": ("/api/2.0/apps/{name}",),
    "lakebase": ("/api/2.0/database/instances/{name}", "/api/2.0/database/credentials"),
    "lakebase_project": (
        "/api/2.0/postgres/{+name}",
        "/api/2.0/postgres/credentials",
    ),
    "volume": (
        "/api/2.0/fs/files/Volumes/{+name}",
        "/api/2.0/fs/directories/Volumes/{+name}",
        "/api/2.1/unity-catalog/volumes/{name}",
    ),
    "secret_scope": ("/api/2.0/secrets/get",),
    "job": ("/api/{version}/jobs/run-now",),
    "memory_store": ("/api/2.0/agents/{+name}",),
}
# What the names look like that have several segments.
_SEGMENTS = {
    "lakebase_project": r"projects/[^/:]+(?:/branches/[^/:]+)?(?:/endpoints/[^/:]+)?",
    "volume": r"[^/]+/[^/]+/[^/]+",
    "memory_store": r"(?:memory|session)-stores/[^/:]+",
}
_MCP = {
    "ai-search": "vector_search_index",
    "functions": "function",
    "vector-search": "vector_search_index",
    "genie": "genie_space",
    "external": "uc_connection",
}
_MCP_SERVER = re.compile(rf"/api/2\.0/mcp/(?P<server>{'|'.join(_MCP)}|sql)(?:/(?P<rest>.*))?")
_LEVELS = 3
# Most of these domains are in the SDK's `databricks/sdk/environments.py`.
_DOMAIN = re.compile(
    r"\.(?:databricks(?:apps)?|azuredatabricks)\.(?:com|net|us|mil|cn|azure\.\w+)$"
)
# https://docs.databricks.com/aws/en/workspace/workspace-details#workspace-instance-names-urls-and-ids
_WORKSPACE = re.compile(
    r"(?!accounts\.)[\w-]+\.cloud\.databricks\.\w+|adb-[\d.]+\.azuredatabricks\.net"
    r"|[\d.]+\.gcp\.databricks\.com"
)
# Name, workspace and region: https://docs.databricks.com/en/dev-tools/databricks-apps/key-concepts
_APP = re.compile(r"(?P<name>[^.]+)-\d+\.(?:[^.]+\.)*databricksapps\.com")
# Of a host that is known in full; code mostly has it from elsewhere.
_ADDRESS = re.compile(r"(?:\w+://(?:[^/?#@]*@)?)?(?P<host>[^/?#:]*)(?::\d+)?(?P<path>[^?#]*)")
# SQLAlchemy's: https://github.com/databricks/databricks-sqlalchemy
_ENGINE = re.compile(r"databricks(?:\+\w+)?://[^?]*@[^?]*(?:\?(?:.*&)?http_path=(?P<path>[^&]*))?")
_VOLUME_FILE = re.compile(r"(?:dbfs:)?/Volumes/([^/]+/[^/]+/[^/]+)(?:/.*)?")


def _pattern(path: str, kind: str) -> re.Pattern[str]:
    """A path as a pattern; endpoints with optimized routes have the workspace's id before it."""
    named = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/:]+)", re.escape(path))
    named = named.replace(r"\{\+name\}", f"(?P<name>{_SEGMENTS.get(kind)})")
    return re.compile(rf"(?:/\d+)?{named}(?:[/:].*)?")


_PATTERNS = [(_pattern(path, kind), path, kind) for kind, paths in _PATHS.items() for path in paths]


def resource_at(host: str, path: str, model: str | None = None) -> Reference | None:
    """What a request to a path uses, whose body asks for the `model`; None when nothing.

    The host may be anything but an app's or the AI gateway's own: code mostly has it from
    elsewhere.
    """
    if host.endswith(".databricksapps.com"):
        app = _APP.fullmatch(host)
        return Reference("app", app["name"] if app else None, by=host)
    path = re.sub("/+", "/", unquote(path))
    if server := _MCP_SERVER.fullmatch(path):
        return _served(server["server"], server["rest"] or "", path)
    if ".ai-gateway." in host:
        path = f"/ai-gateway{path}"
    for pattern, shown, kind in _PATTERNS:
        if match := pattern.fullmatch(path):
            return _named(kind, match.groupdict().get("name", model), shown)
    return None


def resource_of_address(
    address: str, model: str | None = None, *, workspace: str = ""
) -> Reference | None:
    """What an address or a path uses, as code has it; None when nothing, or not on Databricks.

    `workspace`: the host of the agent's own, if it is known; another one is used as a whole.
    """
    if file := _VOLUME_FILE.fullmatch(address):
        return Reference("volume", file[1].replace("/", "."))
    if engine := _ENGINE.match(address):
        found = resource_at("", engine["path"] or "")
        return found or Reference("sql_warehouse", None)
    host, path = _parts(address)
    if " " in address or _is_elsewhere(address, host):
        return None
    if is_other_workspace(host, workspace):
        return Reference("workspace", host)
    return resource_at(host, path, model)


def models_kind(address: str, *, workspace: str = "") -> str | None:
    """The kind that a client of models asks for at this address; None where it isn't Databricks'.

    An app answers by itself, whatever the model is called, and so does another `workspace`.
    """
    host, path = _parts(address)
    if host.endswith(".databricksapps.com"):
        return "app"
    if " " in address or _is_elsewhere(address, host):
        return None
    if is_other_workspace(host, workspace):
        return "workspace"
    if ".ai-gateway." in host or "/ai-gateway/" in f"{path}/":
        return None if "/mcp-services/" in path else "uc_model_service"
    is_host = not path.strip("/") and _DOMAIN.search(host)
    is_base = "/serving-endpoints" in path and not path.endswith("/invocations")
    return "serving_endpoint" if is_host or is_base else None


def is_elsewhere(address: str) -> bool:
    """Whether it is an address of a host that certainly isn't Databricks'."""
    return _is_elsewhere(address, _parts(address)[0])


def is_other_workspace(host: str, workspace: str) -> bool:
    """Whether a host is certainly another workspace's than the agent's, where that is known."""
    own = _parts(workspace if "://" in workspace else f"https://{workspace}")[0]
    return bool(own) and host != own and _WORKSPACE.fullmatch(host) is not None


def asked_for(kind: str, model: str | None) -> Reference:
    """What a client of models asks for by a model's name, where the address has the kind.

    An endpoint may have the full name of a model service. The gateway takes short names too, and
    what they stand for isn't known here.
    """
    return _named(kind, model, "")


def _parts(address: str) -> tuple[str, str]:
    found = _ADDRESS.match(address)
    return (found["host"], found["path"]) if found else ("", "")


def _is_elsewhere(address: str, host: str) -> bool:
    is_whole = re.match(r"https?://", address) is not None and "\0" not in host
    return is_whole and not _DOMAIN.search(host)


def _served(server: str, rest: str, path: str) -> Reference:
    """What a managed MCP server gives access to."""
    parts = [part for part in rest.split("/") if part]
    if server == "sql" or (server == "genie" and not parts):
        return Reference("mcp_server", path.rstrip("/"), over_mcp=True, by=path)
    kind = _MCP[server]
    found = Reference(kind, None, over_mcp=True, by=path)
    if server in ("genie", "external"):
        return replace(found, name=parts[0] if parts else None)
    if len(parts) >= _LEVELS:
        return replace(found, name=".".join(parts[:_LEVELS]))
    is_schema = kind == "function" and len(parts) == _LEVELS - 1
    return replace(found, name=".".join((*parts, "*"))) if is_schema else found


def _named(kind: str, name: str | None, by: str) -> Reference:
    if kind == "volume" and name:
        name = name.replace("/", ".")
    if not name or kind not in ("serving_endpoint", "uc_model_service"):
        return Reference(kind, name, by=by)
    named = resource_of_model(name)
    if kind == "serving_endpoint" or named[0] in (kind, "app"):
        return Reference(*named, by=by)
    return Reference(kind, None, by=by)
