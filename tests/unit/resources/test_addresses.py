"""What addresses on Databricks give access to."""

import pytest

from entrypoint.resources.addresses import is_elsewhere, models_kind, resource_of_address

HOST = "https://adb-123.azuredatabricks.net"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/api/2.0/mcp/functions/prod/agents/lookup", ("function", "prod.agents.lookup")),
        ("/api/2.0/mcp/functions/prod/agents/lookup/", ("function", "prod.agents.lookup")),
        ("/api/2.0/mcp/functions/prod/agents", ("function", "prod.agents.*")),
        ("/api/2.0/mcp/functions/system/ai?o=1", ("function", "system.ai.*")),
        (
            "/api/2.0/mcp/vector-search/prod/agents/docs",
            ("vector_search_index", "prod.agents.docs"),
        ),
        ("/api/2.0/mcp/vector-search/prod/agents", ("vector_search_index", None)),
        ("/api/2.0/mcp/ai-search/prod/agents/docs", ("vector_search_index", "prod.agents.docs")),
        ("/api/2.0/mcp/genie/01f0", ("genie_space", "01f0")),
        ("/api/2.0/mcp/genie/01f0?o=1#x", ("genie_space", "01f0")),
        ("/api/2.0/mcp/genie", ("mcp_server", "/api/2.0/mcp/genie")),
        ("/api/2.0/mcp/genie/", ("mcp_server", "/api/2.0/mcp/genie")),
        ("/api/2.0/mcp/sql", ("mcp_server", "/api/2.0/mcp/sql")),
        ("/api/2.0/mcp/external/jira", ("uc_connection", "jira")),
        ("/api/2.0/mcp/external/jira/more", ("uc_connection", "jira")),
    ],
)
def test_an_address_tells_what_it_serves(address: str, expected: tuple[str, str | None]) -> None:
    for each in (HOST + address, address, f"\0{address}"):
        found = resource_of_address(each)
        assert found
        assert (found.kind, found.name) == expected
        assert found.over_mcp


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{HOST}/ai-gateway/mcp-services/system.ai.slack", ("mcp_service", "system.ai.slack")),
        ("https://7.ai-gateway.cloud.databricks.com/mcp-services/a.b.c", ("mcp_service", "a.b.c")),
        ("https://mcp-claims-123.aws.databricksapps.com/mcp", ("app", "mcp-claims")),
        ("https://claims.databricksapps.com", ("app", None)),
        ("/serving-endpoints/chat/invocations", ("serving_endpoint", "chat")),
        ("acme.cloud.databricks.com/api/2.0/apps/my-agent?view=1", ("app", "my-agent")),
        ("\0/serving-endpoints/chat/completions", ("serving_endpoint", None)),
        ("\0/serving-endpoints/\0/invocations", ("serving_endpoint", "\0")),
        (f"{HOST}/api/2.0/serving-endpoints/chat", ("serving_endpoint", "chat")),
        ("/sql/1.0/warehouses/1234567890abcdef", ("sql_warehouse", "1234567890abcdef")),
        (
            "databricks://token:\0@h.databricks.com:443?catalog=a&http_path=/sql/1.0/warehouses/12ab",
            ("sql_warehouse", "12ab"),
        ),
        ("databricks://token:\0@\0?http_path=\0", ("sql_warehouse", None)),
        (f"{HOST}/api/2.0/postgres/projects/shop", ("lakebase_project", "projects/shop")),
        (
            "/api/2.0/postgres/projects/shop/branches/main/endpoints/rw",
            ("lakebase_project", "projects/shop/branches/main/endpoints/rw"),
        ),
        ("/api/2.0/postgres/credentials", ("lakebase_project", None)),
        ("/Volumes/prod/docs/files/handbook.pdf", ("volume", "prod.docs.files")),
        ("dbfs:/Volumes/prod/docs/files", ("volume", "prod.docs.files")),
        ("/api/2.0/fs/files/Volumes/prod/docs/files/a/b.pdf", ("volume", "prod.docs.files")),
        ("/api/2.2/jobs/run-now", ("job", None)),
        ("/api/2.0/secrets/get?scope=a&key=b", ("secret_scope", None)),
        ("/api/2.0/agents/memory-stores/notes/entries", ("memory_store", "memory-stores/notes")),
        (
            "/api/2.0/ai-search/workspaces/1/endpoints/e/indexes/a.b.c:query",
            ("vector_search_index", "a.b.c"),
        ),
    ],
)
def test_an_address_tells_what_it_is_of(address: str, expected: tuple[str, str | None]) -> None:
    found = resource_of_address(address)
    assert found
    assert (found.kind, found.name) == expected
    assert not found.over_mcp


@pytest.mark.parametrize(
    "address",
    [
        "",
        HOST,
        f"{HOST}/api/2.0/mcp/",
        f"{HOST}/api/2.0/mcp/weather/prod/agents/docs",
        f"{HOST}/serving-endpoints",
        "https://mcp.example.com/mcp",
        "https://mcp.example.com/api/2.0/mcp/genie/01f0",
        "https://databricks.com.example.com/serving-endpoints/chat/invocations",
        "http://localhost:8000/sse",
        "Ask /api/2.0/mcp/genie/01f0 for figures",
        "/Volumes/prod",
        "?/serving-endpoints/chat/completions",
        "\0",
        "projects/shop",
    ],
)
def test_another_address_is_of_nothing(address: str) -> None:
    assert resource_of_address(address) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (f"{HOST}/serving-endpoints", "serving_endpoint"),
        ("\0/serving-endpoints/anthropic", "serving_endpoint"),
        (HOST, "serving_endpoint"),
        (f"{HOST}/ai-gateway/mlflow/v1", "uc_model_service"),
        ("https://7.ai-gateway.cloud.databricks.com/mlflow/v1", "uc_model_service"),
        ("https://claims-1.aws.databricksapps.com", "app"),
        (f"{HOST}/api/2.0/mcp/sql", None),
        (f"{HOST}/ai-gateway/mcp-services/a.b.c", None),
        (f"{HOST}/serving-endpoints/chat/invocations", None),
        ("https://api.example.com/serving-endpoints", None),
        ("https://api.openai.com/v1", None),
        ("databricks-uc", None),
        ("\0", None),
    ],
)
def test_an_address_tells_what_a_model_is_there(address: str, kind: str | None) -> None:
    assert models_kind(address) == kind


@pytest.mark.parametrize("address", ["https://api.openai.com/v1", "http://localhost:8000"])
def test_an_address_elsewhere_has_a_known_host(address: str) -> None:
    assert is_elsewhere(address)


@pytest.mark.parametrize("address", [HOST, "https://\0/v1", "\0/v1", "gpt-5"])
def test_another_address_may_be_the_workspaces(address: str) -> None:
    assert not is_elsewhere(address)
