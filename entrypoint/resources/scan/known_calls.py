"""The calls that use a Databricks resource: one table, a row each."""
# ruff: noqa: E501 - of a table

import re
from collections.abc import Callable
from dataclasses import dataclass

from entrypoint.resources import mcp, observed
from entrypoint.resources.kinds import of_model
from entrypoint.resources.scan.values import UNKNOWN_PART

Reader = Callable[[str], tuple[str, str | None] | None]


@dataclass(frozen=True)
class Argument:
    """An argument of a call: its names, and its position where it has one."""

    names: tuple[str, ...]
    position: int | None = None


@dataclass(frozen=True)
class Condition:
    """What makes a call one to Databricks: an argument, of it or of what its client was made with.

    A text in which `pattern` is found or, without a pattern, a client that is Databricks'. Of
    another call, anywhere in the code, where `of_call` names one.
    """

    argument: Argument
    pattern: str = ""
    of_call: str = ""


@dataclass(frozen=True)
class KnownCall:
    """One call: the end of its dotted path, and how it says what it uses.

    `packages`: where the path begins. `read`: kind and name of a text that the argument is worth,
    None when that is not Databricks'. `how`: the argument is the `text`, a list with `each` of the
    names, or a dictionary with the text `within` it; `all` positional arguments are names, or the
    name is in three `levels`.
    """

    packages: tuple[str, ...]
    call: str
    read: Reader
    argument: Argument
    how: str = "text"
    condition: Condition | None = None
    over_mcp: bool = False


def _named(kind: str) -> Reader:
    return lambda text: (kind, text)


def _prefixed(text: str) -> tuple[str, str | None] | None:
    """LiteLLM's way of naming a model: the provider first."""
    text = text.removeprefix("litellm/")
    return of_model(text.removeprefix("databricks/")) if text.startswith("databricks/") else None


def _model_of_default(text: str) -> tuple[str, str | None] | None:
    """A model's name, for whichever client is the default; `provider/model` goes another way."""
    return None if "/" in text or text == UNKNOWN_PART else of_model(text)


def _warehouse(text: str) -> tuple[str, str | None] | None:
    """A warehouse's path, or the address of one for SQLAlchemy; else it is a cluster's."""
    found = re.search(r"/sql/1\.0/(?:warehouses|endpoints)/([^/?&]+)", text)
    return ("sql_warehouse", found[1]) if found else None


def _http_path(text: str) -> tuple[str, str | None] | None:
    return ("sql_warehouse", None) if text == UNKNOWN_PART else _warehouse(text)


def _model_service(text: str) -> tuple[str, str | None]:
    return "uc_model_service", text.removeprefix("model-services/")


def _argument(names: str, position: int | None = None) -> Argument:
    return Argument(tuple(names.split()), position)


_ENDPOINT, _INDEX, _FUNCTION = (
    _named(kind) for kind in ("serving_endpoint", "vector_search_index", "function")
)
_SPACE, _WAREHOUSE, _LAKEBASE = (
    _named(kind) for kind in ("genie_space", "sql_warehouse", "lakebase")
)

_SDK = ("databricks.sdk",)
_LANGCHAIN = ("databricks_langchain", "langchain_databricks", "langchain_community", "langchain")
_OPENAI = ("databricks_openai",)
_BRIDGE = ("databricks_ai_bridge", "databricks_langchain", "databricks_openai")
_TOOLKITS = ("unitycatalog.ai", "databricks_langchain", "databricks_openai")
_SEARCH = ("databricks.vector_search", "databricks.ai_search")
_HTTP = ("requests", "httpx", "aiohttp")

_ON_DATABRICKS = r"/serving-endpoints|/ai-gateway/|\.databricks(apps)?\.|\.azuredatabricks\."
_BASE_URL = Condition(_argument("base_url openai_api_base api_base"), _ON_DATABRICKS)
_TARGET = Condition(_argument("target_uri", 0), "^databricks")
# The one that the OpenAI Agents SDK was told to use: `agents.set_default_openai_client`.
_DEFAULT_CLIENT = Condition(_argument("client", 0), of_call="agents.set_default_openai_client")
_ITS_CLIENT = Condition(_argument("openai_client", 1))

# The clients that speak OpenAI's protocol.
OPENAI_CLIENTS = (
    (_OPENAI, "DatabricksOpenAI", None),
    (_OPENAI, "AsyncDatabricksOpenAI", None),
    (_SDK, "get_open_ai_client", None),
    *(
        (("openai",), name, _BASE_URL)
        for name in ("OpenAI", "AsyncOpenAI", "Client", "AsyncClient")
    ),
)
_OPENAI_CALLS = (
    *("chat.completions.create", "chat.completions.parse", "chat.completions.stream"),
    *("beta.chat.completions.parse", "beta.chat.completions.stream"),
    *("responses.create", "responses.parse", "responses.stream"),
    *("completions.create", "embeddings.create"),
)
_GENIE_CALLS = (
    *("start_conversation", "start_conversation_and_wait", "create_message"),
    *("create_message_and_wait", "get_message", "get_message_query_result"),
    *("get_message_attachment_query_result", "execute_message_query", "get_space"),
    *("execute_message_attachment_query", "list_conversations", "list_conversation_messages"),
)
_LAKEBASE_CLIENTS = (
    *("CheckpointSaver", "AsyncCheckpointSaver", "DatabricksStore", "AsyncDatabricksStore"),
    *("AsyncDatabricksSession", "LakebasePool", "AsyncLakebasePool", "LakebaseClient"),
    "AsyncLakebaseSQLAlchemy",
)
_VERBS = ("get", "post", "put", "patch", "delete", "stream")

# fmt: off
ROWS = (
    # Chat models and embeddings
    KnownCall(_LANGCHAIN, "ChatDatabricks", of_model, _argument("model endpoint")),
    KnownCall(_LANGCHAIN, "DatabricksEmbeddings", of_model, _argument("endpoint")),
    *(
        KnownCall(("langchain_community",), call, of_model, _argument("endpoint"), condition=_TARGET)
        for call in ("ChatMlflow", "MlflowEmbeddings", "Mlflow")
    ),
    KnownCall(_LANGCHAIN, "llms.Databricks", _ENDPOINT, _argument("endpoint_name")),
    KnownCall(("langchain_openai",), "ChatOpenAI", of_model, _argument("model model_name"), condition=_BASE_URL),
    KnownCall(("langchain_openai",), "OpenAIEmbeddings", of_model, _argument("model"), condition=_BASE_URL),
    *(
        KnownCall(packages, f"{client}().{call}", of_model, _argument("model"), condition=condition)
        for call in _OPENAI_CALLS
        for packages, client, condition in OPENAI_CLIENTS
    ),
    KnownCall(("agents",), "OpenAIChatCompletionsModel", of_model, _argument("model", 0), condition=_ITS_CLIENT),
    KnownCall(("agents",), "OpenAIResponsesModel", of_model, _argument("model", 0), condition=_ITS_CLIENT),
    KnownCall(("mlflow",), "get_deploy_client().predict", of_model, _argument("endpoint", 2), condition=_TARGET),
    KnownCall(("mlflow",), "get_deploy_client().predict_stream", of_model, _argument("endpoint", 2), condition=_TARGET),
    *(
        KnownCall(("litellm",), call, _prefixed, _argument("model", 0))
        for call in ("completion", "acompletion", "embedding", "aembedding")
    ),
    *(
        KnownCall(("litellm",), call, _prefixed, _argument("model", 1))
        for call in ("responses", "aresponses", "text_completion")
    ),
    KnownCall(("dspy",), "LM", _prefixed, _argument("model", 0)),
    KnownCall(("dspy",), "Embedder", _prefixed, _argument("model", 0)),
    KnownCall(("databricks_dspy",), "DatabricksLM", _prefixed, _argument("model", 0)),
    KnownCall(("crewai",), "LLM", _prefixed, _argument("model", 0)),
    KnownCall(("crewai",), "Agent", _prefixed, _argument("llm")),
    KnownCall(("agents",), "LitellmModel", _prefixed, _argument("model", 0)),
    KnownCall(("agents",), "Agent", _prefixed, _argument("model")),
    KnownCall(("agents",), "Agent", _model_of_default, _argument("model"), condition=_DEFAULT_CLIENT),
    KnownCall(("agents",), "RunConfig", _model_of_default, _argument("model"), condition=_DEFAULT_CLIENT),
    KnownCall(("langchain_community", "langchain_litellm"), "ChatLiteLLM", _prefixed, _argument("model")),
    KnownCall(("llama_index",), "Databricks", of_model, _argument("model", 0)),
    KnownCall(("llama_index",), "DatabricksEmbedding", of_model, _argument("model", 0)),
    # The workspace client
    KnownCall(_SDK, "serving_endpoints.query", of_model, _argument("name", 0)),
    KnownCall(_SDK, "serving_endpoints_data_plane.query", of_model, _argument("name", 0)),
    KnownCall(_SDK, "serving_endpoints.get_langchain_chat_open_ai_client", of_model, _argument("model", 0)),
    KnownCall(_SDK, "serving_endpoints.http_request", _named("uc_connection"), _argument("conn connection_name", 0)),
    KnownCall(_SDK, "vector_search_indexes.query_index", _INDEX, _argument("index_name", 0)),
    KnownCall(_SDK, "vector_search_indexes.scan_index", _INDEX, _argument("index_name", 0)),
    KnownCall(_SDK, "statement_execution.execute_statement", _WAREHOUSE, _argument("warehouse_id", 1)),
    *(
        KnownCall(_SDK, f"warehouses.{call}", _WAREHOUSE, _argument("id", 0))
        for call in ("get", "start", "start_and_wait")
    ),
    KnownCall(_SDK, "functions.get", _FUNCTION, _argument("name", 0)),
    KnownCall(_SDK, "tables.get", _named("table"), _argument("full_name", 0)),
    KnownCall(_SDK, "tables.exists", _named("table"), _argument("full_name", 0)),
    KnownCall(_SDK, "connections.get", _named("uc_connection"), _argument("name", 0)),
    KnownCall(_SDK, "apps.get", _named("app"), _argument("name", 0)),
    KnownCall(_SDK, "database.get_database_instance", _LAKEBASE, _argument("name", 0)),
    KnownCall(_SDK, "database.generate_database_credential", _LAKEBASE, _argument("instance_names"), how="each"),
    KnownCall(_SDK, "ai_gateway.get_model_service", _model_service, _argument("name", 0)),
    KnownCall(_SDK, "api_client.do", observed.of_path, _argument("path", 1)),
    *(KnownCall(_SDK, f"genie.{call}", _SPACE, _argument("space_id", 0)) for call in _GENIE_CALLS),
    # Vector search
    KnownCall(_LANGCHAIN[:2], "DatabricksVectorSearch", _INDEX, _argument("index_name", 0)),
    KnownCall((*_LANGCHAIN, *_OPENAI), "VectorSearchRetrieverTool", _INDEX, _argument("index_name")),
    KnownCall(_OPENAI, "VectorSearchRetrieverTool", of_model, _argument("embedding_model_name")),
    *(
        KnownCall(_SEARCH, f"{client}().{call}", _INDEX, _argument("index_name", 1))
        for client in ("VectorSearchClient", "AISearchClient")
        for call in ("get_index", "get_async_index")
    ),
    KnownCall(("dspy", "databricks_dspy"), "DatabricksRM", _INDEX, _argument("databricks_index_name", 0)),
    # Functions of Unity Catalog
    KnownCall(_TOOLKITS, "UCFunctionToolkit", _FUNCTION, _argument("function_names"), how="each"),
    KnownCall(_TOOLKITS, "UnityCatalogTool", _FUNCTION, _argument("uc_function_name")),
    KnownCall(_TOOLKITS, "DatabricksFunctionClient", _WAREHOUSE, _argument("warehouse_id")),
    *(
        KnownCall(_TOOLKITS, f"{client}().{call}", _FUNCTION, _argument("function_name", 0))
        for client in ("DatabricksFunctionClient", "get_uc_function_client")
        for call in ("execute_function", "get_function", "get_function_as_callable")
    ),
    KnownCall(("langchain_community",), "UCFunctionToolkit", _WAREHOUSE, _argument("warehouse_id")),
    KnownCall(("langchain_community",), "UCFunctionToolkit().include", _FUNCTION, _argument(""), how="all"),
    # Genie
    KnownCall((*_LANGCHAIN, *_BRIDGE), "GenieAgent", _SPACE, _argument("genie_space_id", 0)),
    KnownCall((*_LANGCHAIN, *_BRIDGE), "Genie", _SPACE, _argument("space_id", 0)),
    # SQL
    KnownCall(("databricks",), "sql.connect", _http_path, _argument("http_path", 1)),
    KnownCall(("sqlalchemy",), "create_engine", _warehouse, _argument("name_or_url url", 0)),
    KnownCall(("langchain_community",), "SQLDatabase.from_databricks", _WAREHOUSE, _argument("warehouse_id", 4)),
    KnownCall(("crewai_tools",), "DatabricksQueryTool", _WAREHOUSE, _argument("default_warehouse_id", 2)),
    # Lakebase
    *(KnownCall(_BRIDGE, call, _LAKEBASE, _argument("instance_name")) for call in _LAKEBASE_CLIENTS),
    KnownCall(_BRIDGE, "DatabricksStore", of_model, _argument("embedding_endpoint")),
    KnownCall(_BRIDGE, "AsyncDatabricksStore", of_model, _argument("embedding_endpoint")),
    # Managed MCP servers
    KnownCall(("databricks_mcp",), "DatabricksMCPClient", mcp.server, _argument("server_url", 0), over_mcp=True),
    KnownCall(_BRIDGE, "DatabricksMCPServer", mcp.server, _argument("url"), over_mcp=True),
    KnownCall(_OPENAI, "McpServerToolkit", mcp.server, _argument("url", 0), over_mcp=True),
    KnownCall(_OPENAI, "McpServer", mcp.server, _argument("url", 0), over_mcp=True),
    KnownCall(_OPENAI, "McpServer", mcp.server, _argument("params"), how="within", over_mcp=True),
    KnownCall(("agents",), "MCPServerStreamableHttp", mcp.server, _argument("params", 0), how="within", over_mcp=True),
    KnownCall(("agents",), "MCPServerSse", mcp.server, _argument("params", 0), how="within", over_mcp=True),
    KnownCall(("langchain_mcp_adapters",), "MultiServerMCPClient", mcp.server, _argument("connections", 0), how="within", over_mcp=True),
    *(
        KnownCall(("mcp",), call, mcp.server, _argument("url", 0), over_mcp=True)
        for call in ("streamablehttp_client", "streamable_http_client", "sse_client")
    ),
    *(
        KnownCall(packages, f"{client}.from_uc_function", _FUNCTION, _argument("function_name", position), how="levels", over_mcp=True)
        for packages, client, position in (
            (_BRIDGE, "DatabricksMCPServer", 3),
            (_OPENAI, "McpServerToolkit", 2),
            (_OPENAI, "McpServer", 2),
        )
    ),
    *(
        KnownCall(packages, f"{client}.from_vector_search", _INDEX, _argument("index_name", position), how="levels", over_mcp=True)
        for packages, client, position in (
            (_BRIDGE, "DatabricksMCPServer", 3),
            (_OPENAI, "McpServerToolkit", 2),
            (_OPENAI, "McpServer", 2),
        )
    ),
    # Requests by hand
    *(
        KnownCall(_HTTP, call, observed.of_path, _argument("url", 0))
        for verb in _VERBS
        for call in (verb, f"Session().{verb}", f"Client().{verb}", f"AsyncClient().{verb}", f"ClientSession().{verb}")
    ),
    KnownCall(_HTTP, "request", observed.of_path, _argument("url", 1)),
)

# fmt: on

# What makes a client act for the user who asks, and not for the agent.
USER_CREDENTIALS = ("ModelServingUserCredentials", "MODEL_SERVING_USER_CREDENTIALS")
# What makes a client, or wraps one, and asks for nothing.
MAKES_A_CLIENT = (
    *("Config", "WorkspaceClient", "DatabricksFunctionClient", "DatabricksOAuthClientProvider"),
    *("get_open_ai_client", "VectorSearchClient", "AISearchClient", "as_retriever"),
)
# Their first argument is called with the others.
CALLS_ANOTHER = ("functools.partial", "asyncio.to_thread")
# Ways to a client that is like the one before.
SAME_CLIENT = re.compile(
    r"\.(?:with_options\(\)|copy\(\)|with_raw_response|with_streaming_response)"
)
