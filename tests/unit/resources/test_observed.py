import pytest
from pydantic import TypeAdapter, ValidationError

from entrypoint.resources.kinds import KINDS
from entrypoint.resources.observed import Request, Requests, uses

WORKSPACE = "dbc-12345678-9abc.cloud.databricks.com"
SPACE = "01f0a1b2c3d4e5f60718293a4b5c6d7e"
WAREHOUSE = "1234567890abcdef"


def used(
    path: str, model: str | None = None, host: str = WORKSPACE
) -> list[tuple[str, str | None, bool]]:
    found = uses([Request("POST", host, path, model)])
    return [(use.kind, use.name, use.over_mcp) for use in found]


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/serving-endpoints/llama/invocations", "serving_endpoint", "llama"),
        ("/serving-endpoints/a%2Db/invocations", "serving_endpoint", "a-b"),
        ("//serving-endpoints/llama/invocations", "serving_endpoint", "llama"),
        # As vector search looks at the endpoint that embeds, when it is loaded.
        ("/api/2.0/serving-endpoints/llama", "serving_endpoint", "llama"),
        ("/12345/serving-endpoints/llama/invocations", "serving_endpoint", "llama"),
        (
            "/serving-endpoints/agent/served-models/feedback/invocations",
            "serving_endpoint",
            "agent",
        ),
        (
            "/serving-endpoints/gemini/v1beta/models/databricks-gemini-2-5-pro:generateContent",
            "serving_endpoint",
            "databricks-gemini-2-5-pro",
        ),
        ("/api/2.0/vector-search/indexes/c.s.docs", "vector_search_index", "c.s.docs"),
        ("/api/2.0/vector-search/indexes/c.s.docs/query", "vector_search_index", "c.s.docs"),
        (
            "/api/2.0/vector-search/indexes/c.s.docs/query-next-page",
            "vector_search_index",
            "c.s.docs",
        ),
        (
            "/api/2.0/vector-search/endpoints/shared/indexes/c.s.docs/scan",
            "vector_search_index",
            "c.s.docs",
        ),
        ("/api/2.0/sql/statements", "sql_warehouse", None),
        ("/api/2.0/sql/statements/01ef-aa/result/chunks/0", "sql_warehouse", None),
        ("/api/2.0/sql/sessions", "sql_warehouse", None),
        (f"/api/2.0/sql/warehouses/{WAREHOUSE}", "sql_warehouse", WAREHOUSE),
        (f"/sql/1.0/warehouses/{WAREHOUSE}", "sql_warehouse", WAREHOUSE),
        (f"/sql/1.0/endpoints/{WAREHOUSE}", "sql_warehouse", WAREHOUSE),
        (f"/api/2.0/genie/spaces/{SPACE}", "genie_space", SPACE),
        (f"/api/2.0/genie/spaces/{SPACE}/start-conversation", "genie_space", SPACE),
        (f"/api/2.0/genie/spaces/{SPACE}/conversations/1/messages/2", "genie_space", SPACE),
        ("/api/2.1/unity-catalog/functions/c.s.add", "function", "c.s.add"),
        ("/api/2.1/unity-catalog/functions/c.s.%C3%A4dd", "function", "c.s.ädd"),
        ("/api/2.1/unity-catalog/tables/c.s.orders", "table", "c.s.orders"),
        ("/api/2.1/unity-catalog/connections/github", "uc_connection", "github"),
        (
            "/api/2.0/unity-catalog/connections/github/proxy/repos/acme",
            "uc_connection",
            "github",
        ),
        ("/api/2.0/external-function", "uc_connection", None),
        ("/api/2.0/apps/my-agent", "app", "my-agent"),
        ("/api/2.0/database/instances/memory", "lakebase", "memory"),
        ("/api/2.0/database/credentials", "lakebase", None),
    ],
)
def test_paths(path: str, kind: str, name: str | None) -> None:
    assert used(path) == [(kind, name, False)]
    assert kind in KINDS


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/api/2.0/mcp/functions/c/s/add", "function", "c.s.add"),
        ("/api/2.0/mcp/functions/c/s", "function", "c.s.*"),
        ("/api/2.0/mcp/vector-search/c/s/docs", "vector_search_index", "c.s.docs"),
        ("/api/2.0/mcp/vector-search/c/s", "vector_search_index", None),
        (f"/api/2.0/mcp/genie/{SPACE}", "genie_space", SPACE),
        ("/api/2.0/mcp/external/github", "uc_connection", "github"),
    ],
)
def test_managed_mcp_servers(path: str, kind: str, name: str | None) -> None:
    assert used(path) == [(kind, name, True)]


@pytest.mark.parametrize(
    ("path", "model", "kind", "name"),
    [
        ("/serving-endpoints/chat/completions", "llama", "serving_endpoint", "llama"),
        ("/serving-endpoints/completions", "llama", "serving_endpoint", "llama"),
        ("/serving-endpoints/embeddings", "gte", "serving_endpoint", "gte"),
        ("/serving-endpoints/responses", "llama", "serving_endpoint", "llama"),
        ("/serving-endpoints/anthropic/v1/messages", "claude", "serving_endpoint", "claude"),
        ("/serving-endpoints/chat/completions", None, "serving_endpoint", None),
        ("/serving-endpoints/responses", "prod.ai.chat", "uc_model_service", "prod.ai.chat"),
        ("/ai-gateway/mlflow/v1/responses", "prod.ai.chat", "uc_model_service", "prod.ai.chat"),
        ("/ai-gateway/anthropic/v1/messages", "prod.ai.chat", "uc_model_service", "prod.ai.chat"),
        # What the gateway takes a short name for isn't known.
        ("/ai-gateway/openai/v1/chat/completions", "gpt", "uc_model_service", None),
        ("/ai-gateway/mlflow/v1/embeddings", None, "uc_model_service", None),
    ],
)
def test_models_in_the_body(path: str, model: str | None, kind: str, name: str | None) -> None:
    assert used(path, model) == [(kind, name, False)]


def test_the_gateways_own_host() -> None:
    host = "12345.ai-gateway.cloud.databricks.com"

    assert used("/mlflow/v1/chat/completions", "c.s.m", host) == [
        ("uc_model_service", "c.s.m", False)
    ]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("my-agent-2-1234567890123456.aws.databricksapps.com", "my-agent-2"),
        ("my-agent-1234567890123456.7.azure.databricksapps.com", "my-agent"),
        ("without-a-workspace.aws.databricksapps.com", None),
    ],
)
def test_apps_have_hosts(host: str, name: str | None) -> None:
    assert used("/serving-endpoints/llama/invocations", host=host) == [("app", name, False)]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/oidc/v1/token",
        "/api/2.0/preview/scim/v2/Me",
        "/api/2.0/serving-endpoints",
        "/api/2.0/vector-search/indexes",
        "/api/2.0/vector-search/endpoints/shared",
        "/api/2.0/genie/spaces",
        "/api/2.1/unity-catalog/functions",
        "/api/2.1/unity-catalog/functions/",
        "/api/2.1/unity-catalog/tables-of-another-kind/c.s.orders",
        "/api/2.0/database/instances:findByUid",
        "/somewhere/serving-endpoints/llama/invocations",
        "/api/2.0/sql/statements-of-another-kind",
    ],
)
def test_paths_that_tell_nothing(path: str) -> None:
    assert used(path) == []


def test_each_resource_once_in_the_order_of_the_requests() -> None:
    index = "/api/2.0/vector-search/indexes/c.s.docs"
    paths = [
        ("POST", "/serving-endpoints/llama/invocations"),
        ("GET", index),
        ("POST", f"{index}/query"),
        ("POST", "/serving-endpoints/llama/invocations"),
        ("POST", "/api/2.0/mcp/functions/c/one"),
        ("POST", "/api/2.0/mcp/functions/c/two"),
        ("POST", "/api/2.0/sql/statements"),
        ("GET", "/api/2.0/sql/statements/1"),
        ("GET", "/api/2.0/sql/statements/2"),
    ]

    found = uses(Request(method, WORKSPACE, path) for method, path in paths)

    assert [(use.name, use.by) for use in found] == [
        ("llama", "POST /serving-endpoints/{name}/invocations"),
        ("c.s.docs", "GET /api/2.0/vector-search/indexes/{name}"),
        ("c.one.*", "POST /api/2.0/mcp/functions/c/one"),
        ("c.two.*", "POST /api/2.0/mcp/functions/c/two"),
        (None, "POST /api/2.0/sql/statements"),
        (None, "GET /api/2.0/sql/statements"),
    ]
    assert {(use.source, use.place) for use in found} == {("observed", None)}


def test_a_resource_over_mcp_is_another_because_of_its_scopes() -> None:
    paths = ["/api/2.1/unity-catalog/functions/c.s.add", "/api/2.0/mcp/functions/c/s/add"]

    found = uses(Request("POST", WORKSPACE, path) for path in paths)

    assert [(use.name, use.over_mcp) for use in found] == [("c.s.add", False), ("c.s.add", True)]


def test_an_index_whose_columns_are_looked_up_is_no_table() -> None:
    # As VectorSearchRetrieverTool of databricks-ai-bridge does it: `tables.get(index_name)`.
    paths = [
        "/api/2.1/unity-catalog/tables/c.s.docs",
        "/api/2.1/unity-catalog/tables/c.s.orders",
        "/api/2.0/vector-search/indexes/c.s.docs",
    ]

    found = uses(Request("GET", WORKSPACE, path) for path in paths)

    assert [(use.kind, use.name) for use in found] == [
        ("table", "c.s.orders"),
        ("vector_search_index", "c.s.docs"),
    ]


@pytest.mark.parametrize(
    "requests",
    [
        [{"method": "GET", "host": "h", "path": f"/{number}"} for number in range(301)],
        [{"method": "GET", "host": "h", "path": "/" * 501}],
        [{"method": "GET", "host": "h", "path": "/", "model": "m" * 501}],
        [{"method": "GET", "host": "h", "path": None}],
    ],
    ids=["many", "long path", "long model", "no path"],
)
def test_a_verdict_beyond_the_bounds_is_refused(requests: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Requests).validate_python(requests)
