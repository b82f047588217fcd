"""The addresses of Databricks' managed MCP servers."""

import pytest

from entrypoint.resources.mcp import server

HOST = "https://adb-123.azuredatabricks.net"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/api/2.0/mcp/functions/prod/agents/lookup", ("function", "prod.agents.lookup")),
        ("/api/2.0/mcp/functions/prod/agents/lookup/", ("function", "prod.agents.lookup")),
        ("/api/2.0/mcp/functions/prod/agents", ("function", None)),
        ("/api/2.0/mcp/functions/system/ai?o=1", ("function", None)),
        (
            "/api/2.0/mcp/vector-search/prod/agents/docs",
            ("vector_search_index", "prod.agents.docs"),
        ),
        ("/api/2.0/mcp/vector-search/prod/agents", ("vector_search_index", None)),
        ("/api/2.0/mcp/ai-search/prod/agents/docs", ("vector_search_index", "prod.agents.docs")),
        ("/api/2.0/mcp/genie/01f0", ("genie_space", "01f0")),
        ("/api/2.0/mcp/genie/01f0?o=1#x", ("genie_space", "01f0")),
        ("/api/2.0/mcp/external/jira", ("uc_connection", "jira")),
        ("/api/2.0/mcp/external/jira/more", ("uc_connection", "jira")),
    ],
)
def test_an_address_tells_what_it_serves(address: str, expected: tuple[str, str | None]) -> None:
    assert server(HOST + address) == expected
    assert server(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        HOST,
        f"{HOST}/api/2.0/mcp/",
        f"{HOST}/api/2.0/mcp/genie",
        f"{HOST}/api/2.0/mcp/weather/prod/agents/docs",
        f"{HOST}/api/2.0/genie/spaces/01f0",
        "https://mcp.example.com/mcp",
        "http://localhost:8000/sse",
    ],
)
def test_another_address_is_no_managed_server(address: str) -> None:
    assert server(address) is None
