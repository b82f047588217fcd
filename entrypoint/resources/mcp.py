"""The addresses of Databricks' managed MCP servers.

https://docs.databricks.com/en/generative-ai/mcp/managed-mcp.html
"""

import re

_SERVER = re.compile(
    r"/api/2\.0/mcp/(?P<server>functions|ai-search|vector-search|genie|external)/(?P<rest>[^?#]+)"
)
_KINDS = {
    "ai-search": "vector_search_index",
    "functions": "function",
    "vector-search": "vector_search_index",
    "genie": "genie_space",
    "external": "uc_connection",
}
_LEVELS = 3
# Of a host that is known in full; code mostly has it from elsewhere.
_HOST = re.compile(r"https?://(?P<host>[^/?#\0]+)")
_DATABRICKS = re.compile(r"\.(?:databricks(?:apps)?|azuredatabricks)\.")


def is_outside_databricks(address: str) -> bool:
    """Whether an address is of a host that certainly isn't Databricks'."""
    found = _HOST.match(address)
    return found is not None and not _DATABRICKS.search(found["host"])


def server(address: str) -> tuple[str, str | None] | None:
    """The kind and the name that an address gives access to; None when it is of no such server.

    The name is None where a whole schema is served.
    """
    found = _SERVER.search(address)
    if not found or is_outside_databricks(address):
        return None
    kind = _KINDS[found["server"]]
    parts = [part for part in found["rest"].split("/") if part]
    if found["server"] in ("genie", "external"):
        return kind, parts[0] if parts else None
    return kind, ".".join(parts[:_LEVELS]) if len(parts) >= _LEVELS else None
