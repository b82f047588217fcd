"""What requests use of Databricks: those that the agent made while it was verified."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote

from pydantic import Field

from entrypoint.resources import mcp
from entrypoint.resources.kinds import resource_of_model
from entrypoint.resources.resource import Use

# The agent's process writes the requests down, so the bounds are checked here;
# `agent/worker/request_observer.py` stays below them.
_Text = Annotated[str, Field(max_length=500)]


@dataclass(frozen=True)
class Request:
    """A request to Databricks: the path without a query, and the model that the body asked for."""

    method: _Text
    host: _Text
    path: _Text
    model: _Text | None = None


Requests = Annotated[tuple[Request, ...], Field(max_length=300)]

# Paths by the kind that they use, as the SDK (`databricks/sdk/service/`) and Databricks' other
# packages make them; a longer path below one of them uses the same. Where no `{name}` is in the
# path, the body has it: as the model, or it is not kept.
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
    ),
    "uc_model_service": (
        "/ai-gateway/gemini/{version}/models/{name}",
        "/ai-gateway/{api}/{version}/chat/completions",
        "/ai-gateway/{api}/{version}/completions",
        "/ai-gateway/{api}/{version}/embeddings",
        "/ai-gateway/{api}/{version}/messages",
        "/ai-gateway/{api}/{version}/responses",
    ),
    "vector_search_index": (
        "/api/2.0/vector-search/indexes/{name}",
        "/api/2.0/vector-search/endpoints/{endpoint}/indexes/{name}",
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
}
# Name, workspace and region: https://docs.databricks.com/en/dev-tools/databricks-apps/key-concepts
_APP = re.compile(r"(?P<name>[^.]+)-\d+\.(?:[^.]+\.)*databricksapps\.com")
_HOST_AND_PATH = re.compile(r"(?:\w+://)?(?P<host>[^/?#]*)(?P<path>[^?#]*)")


def _pattern(path: str) -> re.Pattern[str]:
    """A path as a pattern; endpoints with optimized routes have the workspace's id before it."""
    named = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/:]+)", re.escape(path))
    return re.compile(rf"(?:/\d+)?{named}(?:[/:].*)?")


_PATTERNS = [(_pattern(path), path, kind) for kind, paths in _PATHS.items() for path in paths]


def uses(requests: Iterable[Request]) -> tuple[Use, ...]:
    """What the requests use, in their order: a resource once, and each way to an unnamed one."""
    found: dict[tuple[str, str, bool], Use] = {}
    for request in requests:
        if use := _use(request):
            found.setdefault((use.kind, use.name or use.by, use.over_mcp), use)
    # Databricks' retriever tools look up an index' columns as if it was a table.
    indexes = {use.name for use in found.values() if use.kind == "vector_search_index"}
    return tuple(use for use in found.values() if use.kind != "table" or use.name not in indexes)


def resource_of_path(address: str) -> tuple[str, str | None] | None:
    """Kind and name of what is used by a request to an address or a path; None when it uses none.

    The host may be anything: code mostly has it from elsewhere.
    """
    if mcp.is_outside_databricks(address):
        return None
    parts = _HOST_AND_PATH.match(address)
    use = _use(Request("", **parts.groupdict())) if parts else None
    return (use.kind, use.name) if use else None


def _use(request: Request) -> Use | None:
    host = request.host
    if host.endswith(".databricksapps.com"):
        app = _APP.fullmatch(host)
        return Use("app", app["name"] if app else None, f"{request.method} {host}", "observed")
    path = re.sub("/+", "/", unquote(request.path))
    if server := mcp.server(path):
        return Use(*server, f"{request.method} {path}", "observed", over_mcp=True)
    if ".ai-gateway." in host:  # the gateway's own host
        path = f"/ai-gateway{path}"
    for pattern, shown, kind in _PATTERNS:
        if match := pattern.fullmatch(path):
            named = _named(kind, match.groupdict().get("name", request.model))
            return Use(*named, f"{request.method} {shown}", "observed")
    return None


def _named(kind: str, name: str | None) -> tuple[str, str | None]:
    """Kind and name: the path of an endpoint may have the full name of a model service.

    The gateway takes short names too, and what they stand for isn't known here.
    """
    if not name or kind not in ("serving_endpoint", "uc_model_service"):
        return kind, name
    named = resource_of_model(name)
    return named if kind in ("serving_endpoint", named[0]) else (kind, None)
