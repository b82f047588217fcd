"""The calls that use a Databricks resource: one table."""
# ruff: noqa: E501 - of a table

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from entrypoint.resources import mcp, observed
from entrypoint.resources.kinds import resource_of_model
from entrypoint.resources.scan.call_sites import Argument
from entrypoint.resources.scan.values import UNKNOWN_PART

# Kind and name of what an argument's text names; None where that is not Databricks'.
ResourceOf = Callable[[str], tuple[str, str | None] | None]
# The argument is the name, a list with `each` of the names, or a dictionary with the name `within`
# it; `all` positional arguments are names, or the name follows a catalog and a schema (`levels`).
How = Literal["name", "each", "within", "all", "levels"]


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
    """One call: the end of its dotted path, and which argument says what it uses.

    `packages`: where the path begins. `over_mcp`: it goes to a managed MCP server.
    """

    packages: tuple[str, ...]
    call: str
    resource_of: ResourceOf
    argument: Argument
    how: How = "name"
    condition: Condition | None = None
    over_mcp: bool = False


def _calls(
    packages: tuple[str, ...],
    calls: str,
    resource: str | ResourceOf,
    names: str = "",
    position: int | None = None,
    *,
    how: How = "name",
    condition: Condition | None = None,
    over_mcp: bool = False,
) -> Iterator[KnownCall]:
    """Calls that name a resource in the same way; `resource`: its kind, or what reads the text.

    `calls`, and the argument's `names`, are separated by spaces.
    """
    resource_of = (lambda text: (resource, text)) if isinstance(resource, str) else resource
    for call in calls.split():
        argument = Argument(tuple(names.split()), position)
        yield KnownCall(packages, call, resource_of, argument, how, condition, over_mcp)


def _methods(clients: str, methods: str) -> str:
    """The methods of what calling each of the clients gives."""
    pairs = itertools.product(clients.split(), methods.split())
    return " ".join(f"{client}().{method}" for client, method in pairs)


def _prefixed(text: str) -> tuple[str, str | None] | None:
    """LiteLLM's way of naming a model: the provider first."""
    text = text.removeprefix("litellm/")
    return (
        resource_of_model(text.removeprefix("databricks/"))
        if text.startswith("databricks/")
        else None
    )


def _model_of_default(text: str) -> tuple[str, str | None] | None:
    """A model's name, for whichever client is the default; `provider/model` goes another way."""
    return None if "/" in text or text == UNKNOWN_PART else resource_of_model(text)


def _warehouse(text: str) -> tuple[str, str | None] | None:
    """A warehouse's path, or the address of one for SQLAlchemy; else it is a cluster's."""
    found = re.search(r"/sql/1\.0/(?:warehouses|endpoints)/([^/?&]+)", text)
    return ("sql_warehouse", found[1]) if found else None


def _http_path(text: str) -> tuple[str, str | None] | None:
    return ("sql_warehouse", None) if text == UNKNOWN_PART else _warehouse(text)


def _model_service(text: str) -> tuple[str, str | None]:
    return "uc_model_service", text.removeprefix("model-services/")


_SDK = ("databricks.sdk",)
_LANGCHAIN = ("databricks_langchain", "langchain_databricks", "langchain_community", "langchain")
_COMMUNITY = ("langchain_community",)
_OPENAI = ("databricks_openai",)
_BRIDGE = ("databricks_ai_bridge", "databricks_langchain", "databricks_openai")
_TOOLKITS = ("unitycatalog.ai", "databricks_langchain", "databricks_openai")
_SEARCH = ("databricks.vector_search", "databricks.ai_search")
_HTTP = ("requests", "httpx", "aiohttp")

_ON_DATABRICKS = r"/serving-endpoints|/ai-gateway/|\.databricks(apps)?\.|\.azuredatabricks\."
_BASE_URL = Condition(Argument(("base_url", "openai_api_base", "api_base")), _ON_DATABRICKS)
_TARGET = Condition(Argument(("target_uri",), 0), "^databricks")
_ITS_CLIENT = Condition(Argument(("openai_client",), 1))
# The client that the OpenAI Agents SDK uses when it is given no other.
_DEFAULT_CLIENT = Condition(Argument(("client",), 0), of_call="agents.set_default_openai_client")

# The clients that speak OpenAI's protocol.
OPENAI_CLIENTS = (
    (_OPENAI, "DatabricksOpenAI", None),
    (_OPENAI, "AsyncDatabricksOpenAI", None),
    (_SDK, "get_open_ai_client", None),
    (("openai",), "OpenAI", _BASE_URL),
    (("openai",), "AsyncOpenAI", _BASE_URL),
    (("openai",), "Client", _BASE_URL),
    (("openai",), "AsyncClient", _BASE_URL),
)
_OPENAI_CALLS = """
    chat.completions.create chat.completions.parse chat.completions.stream
    beta.chat.completions.parse beta.chat.completions.stream
    responses.create responses.parse responses.stream completions.create embeddings.create
"""
_GENIE_CALLS = """
    genie.start_conversation genie.start_conversation_and_wait genie.create_message
    genie.create_message_and_wait genie.get_message genie.get_message_query_result
    genie.get_message_attachment_query_result genie.execute_message_query genie.get_space
    genie.execute_message_attachment_query genie.list_conversations
    genie.list_conversation_messages
"""
_LAKEBASE_CLIENTS = """
    CheckpointSaver AsyncCheckpointSaver DatabricksStore AsyncDatabricksStore LakebaseClient
    AsyncDatabricksSession LakebasePool AsyncLakebasePool AsyncLakebaseSQLAlchemy
"""
_FUNCTION_CALLS = "execute_function get_function get_function_as_callable"
_VERBS = "get post put patch delete stream"
_FROM_FUNCTION = "McpServerToolkit.from_uc_function McpServer.from_uc_function"
_FROM_SEARCH = "McpServerToolkit.from_vector_search McpServer.from_vector_search"

# fmt: off
KNOWN_CALLS = tuple(itertools.chain(
    # Chat models and embeddings
    _calls(_LANGCHAIN, "ChatDatabricks", resource_of_model, "model endpoint"),
    _calls(_LANGCHAIN, "DatabricksEmbeddings", resource_of_model, "endpoint"),
    _calls(_LANGCHAIN, "llms.Databricks", "serving_endpoint", "endpoint_name"),
    _calls(_COMMUNITY, "ChatMlflow MlflowEmbeddings Mlflow", resource_of_model, "endpoint", condition=_TARGET),
    _calls(("langchain_openai",), "ChatOpenAI", resource_of_model, "model model_name", condition=_BASE_URL),
    _calls(("langchain_openai",), "OpenAIEmbeddings", resource_of_model, "model", condition=_BASE_URL),
    *(
        _calls(packages, _methods(client, _OPENAI_CALLS), resource_of_model, "model", condition=condition)
        for packages, client, condition in OPENAI_CLIENTS
    ),
    _calls(("mlflow",), _methods("get_deploy_client", "predict predict_stream"), resource_of_model, "endpoint", 2, condition=_TARGET),
    _calls(("litellm",), "completion acompletion embedding aembedding", _prefixed, "model", 0),
    _calls(("litellm",), "responses aresponses text_completion", _prefixed, "model", 1),
    _calls(("langchain_community", "langchain_litellm"), "ChatLiteLLM", _prefixed, "model"),
    _calls(("dspy",), "LM Embedder", _prefixed, "model", 0),
    _calls(("databricks_dspy",), "DatabricksLM", _prefixed, "model", 0),
    _calls(("crewai",), "LLM", _prefixed, "model", 0),
    _calls(("crewai",), "Agent", _prefixed, "llm"),
    _calls(("agents",), "OpenAIChatCompletionsModel OpenAIResponsesModel", resource_of_model, "model", 0, condition=_ITS_CLIENT),
    _calls(("agents",), "LitellmModel", _prefixed, "model", 0),
    _calls(("agents",), "Agent", _prefixed, "model"),
    _calls(("agents",), "Agent RunConfig", _model_of_default, "model", condition=_DEFAULT_CLIENT),
    _calls(("llama_index",), "Databricks DatabricksEmbedding", resource_of_model, "model", 0),
    # The workspace client
    _calls(_SDK, "serving_endpoints.query serving_endpoints_data_plane.query", resource_of_model, "name", 0),
    _calls(_SDK, "serving_endpoints.get_langchain_chat_open_ai_client", resource_of_model, "model", 0),
    _calls(_SDK, "serving_endpoints.http_request", "uc_connection", "conn connection_name", 0),
    _calls(_SDK, "vector_search_indexes.query_index vector_search_indexes.scan_index", "vector_search_index", "index_name", 0),
    _calls(_SDK, "statement_execution.execute_statement", "sql_warehouse", "warehouse_id", 1),
    _calls(_SDK, "warehouses.get warehouses.start warehouses.start_and_wait", "sql_warehouse", "id", 0),
    _calls(_SDK, "functions.get", "function", "name", 0),
    _calls(_SDK, "tables.get tables.exists", "table", "full_name", 0),
    _calls(_SDK, "connections.get", "uc_connection", "name", 0),
    _calls(_SDK, "apps.get", "app", "name", 0),
    _calls(_SDK, "database.get_database_instance", "lakebase", "name", 0),
    _calls(_SDK, "database.generate_database_credential", "lakebase", "instance_names", how="each"),
    _calls(_SDK, "ai_gateway.get_model_service", _model_service, "name", 0),
    _calls(_SDK, "api_client.do", observed.resource_of_path, "path", 1),
    _calls(_SDK, _GENIE_CALLS, "genie_space", "space_id", 0),
    # Vector search
    _calls(_LANGCHAIN[:2], "DatabricksVectorSearch", "vector_search_index", "index_name", 0),
    _calls((*_LANGCHAIN, *_OPENAI), "VectorSearchRetrieverTool", "vector_search_index", "index_name"),
    _calls(_OPENAI, "VectorSearchRetrieverTool", resource_of_model, "embedding_model_name"),
    _calls(_SEARCH, _methods("VectorSearchClient AISearchClient", "get_index get_async_index"), "vector_search_index", "index_name", 1),
    _calls(("dspy", "databricks_dspy"), "DatabricksRM", "vector_search_index", "databricks_index_name", 0),
    # Functions of Unity Catalog
    _calls(_TOOLKITS, "UCFunctionToolkit", "function", "function_names", how="each"),
    _calls(_TOOLKITS, "UnityCatalogTool", "function", "uc_function_name"),
    _calls(_TOOLKITS, "DatabricksFunctionClient", "sql_warehouse", "warehouse_id"),
    _calls(_TOOLKITS, _methods("DatabricksFunctionClient get_uc_function_client", _FUNCTION_CALLS), "function", "function_name", 0),
    _calls(_COMMUNITY, "UCFunctionToolkit", "sql_warehouse", "warehouse_id"),
    _calls(_COMMUNITY, _methods("UCFunctionToolkit", "include"), "function", how="all"),
    # Genie
    _calls((*_LANGCHAIN, *_BRIDGE), "GenieAgent", "genie_space", "genie_space_id", 0),
    _calls((*_LANGCHAIN, *_BRIDGE), "Genie", "genie_space", "space_id", 0),
    # SQL
    _calls(("databricks",), "sql.connect", _http_path, "http_path", 1),
    _calls(("sqlalchemy",), "create_engine", _warehouse, "name_or_url url", 0),
    _calls(_COMMUNITY, "SQLDatabase.from_databricks", "sql_warehouse", "warehouse_id", 4),
    _calls(("crewai_tools",), "DatabricksQueryTool", "sql_warehouse", "default_warehouse_id", 2),
    # Lakebase
    _calls(_BRIDGE, _LAKEBASE_CLIENTS, "lakebase", "instance_name"),
    _calls(_BRIDGE, "DatabricksStore AsyncDatabricksStore", resource_of_model, "embedding_endpoint"),
    # Managed MCP servers
    _calls(("databricks_mcp",), "DatabricksMCPClient", mcp.server, "server_url", 0, over_mcp=True),
    _calls(_BRIDGE, "DatabricksMCPServer", mcp.server, "url", over_mcp=True),
    _calls(_OPENAI, "McpServerToolkit McpServer", mcp.server, "url", 0, over_mcp=True),
    _calls(_OPENAI, "McpServer", mcp.server, "params", how="within", over_mcp=True),
    _calls(("agents",), "MCPServerStreamableHttp MCPServerSse", mcp.server, "params", 0, how="within", over_mcp=True),
    _calls(("langchain_mcp_adapters",), "MultiServerMCPClient", mcp.server, "connections", 0, how="within", over_mcp=True),
    _calls(("mcp",), "streamablehttp_client streamable_http_client sse_client", mcp.server, "url", 0, over_mcp=True),
    _calls(_BRIDGE, "DatabricksMCPServer.from_uc_function", "function", "function_name", 3, how="levels", over_mcp=True),
    _calls(_OPENAI, _FROM_FUNCTION, "function", "function_name", 2, how="levels", over_mcp=True),
    _calls(_BRIDGE, "DatabricksMCPServer.from_vector_search", "vector_search_index", "index_name", 3, how="levels", over_mcp=True),
    _calls(_OPENAI, _FROM_SEARCH, "vector_search_index", "index_name", 2, how="levels", over_mcp=True),
    # Requests by hand
    _calls(_HTTP, _VERBS, observed.resource_of_path, "url", 0),
    _calls(_HTTP, _methods("Session Client AsyncClient ClientSession", _VERBS), observed.resource_of_path, "url", 0),
    _calls(_HTTP, "request", observed.resource_of_path, "url", 1),
))
# fmt: on

# Their first argument is called with the others.
CALLS_ANOTHER = ("functools.partial", "asyncio.to_thread")
# Ways to a client that is like the one before.
SAME_CLIENT = re.compile(
    r"\.(?:with_options\(\)|copy\(\)|with_raw_response|with_streaming_response)"
)
