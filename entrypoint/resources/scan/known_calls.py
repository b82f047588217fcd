"""The calls that use a Databricks resource without a sign of it in their arguments: one table."""
# ruff: noqa: E501 - of a table

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from entrypoint.resources.addresses import Reference, asked_for, resource_of_address
from entrypoint.resources.scan.call_sites import Argument
from entrypoint.resources.scan.values import UNKNOWN_PART

# What an argument's text names; None where that is not Databricks'.
ReferenceOf = Callable[[str], Reference | None]


@dataclass(frozen=True)
class KnownCall:
    """One call: the end of its dotted path, and which arguments say what it uses.

    `packages`: where the path begins. `template`: how the texts of the arguments make the name; the
    elements of a list are a name each. The argument `*` stands for all that have a position; without
    an argument the name is never known. `call` ends with `*` for every method.
    """

    packages: tuple[str, ...]
    call: str
    reference_of: ReferenceOf
    arguments: tuple[Argument, ...]
    template: str = "{}"


def _calls(
    packages: tuple[str, ...],
    calls: str,
    reference: str | ReferenceOf,
    *arguments: str,
    template: str = "{}",
    over_mcp: bool = False,
) -> Iterator[KnownCall]:
    """Calls that name a resource in the same way; `reference`: its kind, or what reads the text.

    `calls` are separated by spaces, and so are the names of an argument, with its position last.
    """

    def reference_of(text: str) -> Reference | None:
        if isinstance(reference, str):
            return Reference(reference, text, over_mcp)
        return reference(text)

    for call in calls.split():
        yield KnownCall(packages, call, reference_of, tuple(map(_argument, arguments)), template)


def _argument(described: str) -> Argument:
    names = described.split()
    position = int(names.pop()) if names[-1].isdigit() else None
    return Argument(tuple(names), position)


def _endpoint(text: str) -> Reference:
    return asked_for("serving_endpoint", text)


def _warehouse(text: str) -> Reference | None:
    """The warehouse of an HTTP path, which may be a cluster's too."""
    if text == UNKNOWN_PART:
        return Reference("sql_warehouse", None)
    return resource_of_address(f"/{text.lstrip('/')}")


def _service(text: str) -> Reference:
    """The full name of one in the AI gateway: `mcp-services/catalog.schema.name`."""
    collection, _, name = text.rpartition("/")
    return Reference("mcp_service" if collection == "mcp-services" else "uc_model_service", name)


def _lakebase_project(text: str) -> Reference:
    """The project, branch or endpoint of the last path in a text: a branch may be a whole one."""
    path = text[text.rfind("projects/") :]
    found = re.match(r"projects/[^/\0*]+(?:/(?:branches|endpoints)/[^/\0]+)*", path)
    return Reference("lakebase_project", found[0] if found else None)


def _memory_store(text: str) -> Reference:
    found = re.match(r"(?:memory|session)-stores/[^/\0]+", text)
    return Reference("memory_store", found[0] if found else None)


def _ai_search_index(text: str) -> Reference | None:
    found = re.search(r"/indexes/(.+)", text)
    return Reference("vector_search_index", found[1]) if found else None


_SDK = ("databricks.sdk",)
_LANGCHAIN = ("databricks_langchain", "langchain_databricks", "langchain_community", "langchain")
_COMMUNITY = ("langchain_community",)
_OPENAI = ("databricks_openai",)
_BRIDGE = ("databricks_ai_bridge", "databricks_langchain", "databricks_openai")
_TOOLKITS = ("unitycatalog.ai", "databricks_langchain", "databricks_openai")
_SPARK = ("builtins.spark", "pyspark", "databricks.connect")

_LAKEBASE_CLIENTS = """
    CheckpointSaver AsyncCheckpointSaver DatabricksStore AsyncDatabricksStore LakebaseClient
    AsyncDatabricksSession LakebasePool AsyncLakebasePool AsyncLakebaseSQLAlchemy
"""
_UC_FUNCTION_CLIENTS = """
    DatabricksFunctionClient().execute_function DatabricksFunctionClient().get_function
    DatabricksFunctionClient().get_function_as_callable get_uc_function_client().execute_function
    get_uc_function_client().get_function get_uc_function_client().get_function_as_callable
"""
_OF_SCHEMA = ("catalog 0", "schema 1")

# fmt: off
KNOWN_CALLS = tuple(itertools.chain(
    # The workspace client
    _calls(_SDK, "serving_endpoints.query serving_endpoints.get serving_endpoints_data_plane.query", _endpoint, "name 0"),
    _calls(_SDK, "serving_endpoints.http_request", "uc_connection", "conn connection_name 0"),
    _calls(_SDK, "vector_search_indexes.*", "vector_search_index", "index_name 0"),
    _calls(_SDK, "ai_search.*", _ai_search_index, "name 0"),
    _calls(_SDK, "statement_execution.execute_statement", "sql_warehouse", "warehouse_id 1"),
    _calls(_SDK, "warehouses.*", "sql_warehouse", "id 0"),
    _calls(_SDK, "functions.get", "function", "name 0"),
    _calls(_SDK, "tables.get tables.exists", "table", "full_name 0"),
    _calls(_SDK, "connections.get", "uc_connection", "name 0"),
    _calls(_SDK, "apps.get", "app", "name 0"),
    _calls(_SDK, "genie.*", "genie_space", "space_id 0"),
    _calls(_SDK, "database.get_database_instance", "lakebase", "name 0"),
    _calls(_SDK, "database.generate_database_credential", "lakebase", "instance_names"),
    _calls(_SDK, "postgres.*", _lakebase_project, "name parent endpoint 0"),
    _calls(_SDK, "ai_gateway.get_model_service ai_gateway.get_mcp_service", _service, "name 0"),
    _calls(_SDK, "volumes.read", "volume", "name 0"),
    _calls(_SDK, "secrets.get_secret secrets.get secrets.getBytes", "secret_scope", "scope 0"),
    _calls(_SDK, "jobs.run_now jobs.run_now_and_wait", "job", "job_id 0"),
    _calls(_SDK, "agent_kit.*", _memory_store, "parent name session_store 0"),
    # Vector search
    _calls(_LANGCHAIN[:2], "DatabricksVectorSearch", "vector_search_index", "index_name 0"),
    _calls((*_LANGCHAIN, *_OPENAI), "VectorSearchRetrieverTool", "vector_search_index", "index_name"),
    _calls(_OPENAI, "VectorSearchRetrieverTool", _endpoint, "embedding_model_name"),
    _calls(("databricks.vector_search", "databricks.ai_search"), "get_index get_async_index", "vector_search_index", "index_name 1"),
    _calls(("dspy", "databricks_dspy"), "DatabricksRM", "vector_search_index", "databricks_index_name 0"),
    # Functions of Unity Catalog
    _calls(_TOOLKITS, "UCFunctionToolkit", "function", "function_names"),
    _calls(_TOOLKITS, "UnityCatalogTool", "function", "uc_function_name"),
    _calls(_TOOLKITS, "DatabricksFunctionClient", "sql_warehouse", "warehouse_id"),
    _calls(_TOOLKITS, _UC_FUNCTION_CLIENTS, "function", "function_name 0"),
    _calls(_COMMUNITY, "UCFunctionToolkit", "sql_warehouse", "warehouse_id"),
    _calls(_COMMUNITY, "UCFunctionToolkit().include", "function", "*"),
    # Genie
    _calls((*_LANGCHAIN, *_BRIDGE), "GenieAgent", "genie_space", "genie_space_id 0"),
    _calls((*_LANGCHAIN, *_BRIDGE), "Genie", "genie_space", "space_id 0"),
    # SQL and Spark
    _calls(("databricks",), "sql.connect", _warehouse, "http_path 1"),
    _calls(_COMMUNITY, "SQLDatabase.from_databricks", "sql_warehouse", "warehouse_id 4"),
    _calls(("crewai_tools",), "DatabricksQueryTool", "sql_warehouse", "default_warehouse_id 2"),
    _calls(_SPARK, "table", "table", "tableName 0"),
    # Lakebase
    _calls(_BRIDGE, _LAKEBASE_CLIENTS, "lakebase", "instance_name"),
    _calls(_BRIDGE, _LAKEBASE_CLIENTS, _lakebase_project, "autoscaling_endpoint"),
    _calls(_BRIDGE, _LAKEBASE_CLIENTS, _lakebase_project, "project", "branch", template="projects/{}/branches/{}"),
    _calls(_BRIDGE, "DatabricksStore AsyncDatabricksStore", _endpoint, "embedding_endpoint"),
    # Managed MCP servers
    _calls(_BRIDGE, "DatabricksMCPServer.from_uc_function", "function", *_OF_SCHEMA, "function_name 3", template="{}.{}.{}", over_mcp=True),
    _calls(_OPENAI, "McpServerToolkit.from_uc_function McpServer.from_uc_function", "function", *_OF_SCHEMA, "function_name 2", template="{}.{}.{}", over_mcp=True),
    _calls(_BRIDGE, "DatabricksMCPServer.from_vector_search", "vector_search_index", *_OF_SCHEMA, "index_name 3", template="{}.{}.{}", over_mcp=True),
    _calls(_OPENAI, "McpServerToolkit.from_vector_search McpServer.from_vector_search", "vector_search_index", *_OF_SCHEMA, "index_name 2", template="{}.{}.{}", over_mcp=True),
    # Features
    _calls(("databricks.feature_engineering", "databricks.feature_store"), "FeatureEngineeringClient FeatureStoreClient", "feature_store"),
))
# fmt: on

# The clients that ask models of Databricks, also when they are given no address.
MODEL_CLIENTS = (
    (_LANGCHAIN, "ChatDatabricks"),
    (_LANGCHAIN, "DatabricksEmbeddings"),
    (_LANGCHAIN, "llms.Databricks"),
    (_OPENAI, "DatabricksOpenAI"),
    (_OPENAI, "AsyncDatabricksOpenAI"),
    (_SDK, "get_open_ai_client"),
    (_SDK, "get_langchain_chat_open_ai_client"),
    (("llama_index",), "Databricks"),
    (("llama_index",), "DatabricksEmbedding"),
    (("databricks_dspy",), "DatabricksLM"),
)
# Their first argument is called with the others.
CALLS_ANOTHER = (
    *("functools.partial", "asyncio.to_thread"),
    "concurrent.futures.ThreadPoolExecutor().submit",
)
# Ways to a client that is like the one before.
SAME_CLIENT = re.compile(
    r"\.(?:with_options\(\)|copy\(\)|with_raw_response|with_streaming_response)"
)


def is_path_of(path: str, packages: Iterable[str], call: str) -> bool:
    """Whether a dotted path is the one of a call: `call` is its end."""
    end = f".{call}"
    if call.endswith("*"):
        path, end = path.rpartition(".")[0], end.removesuffix(".*")
    return f".{path}".endswith(end) and any(path.startswith(f"{each}.") for each in packages)
