"""What a resource needs besides, as the workspace's answer to its look-up names it.

Databricks advises to declare these too:
https://docs.databricks.com/aws/en/agents/custom-agents/model-serving/log-agent
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:  # it takes a while to import, and only live checks need it
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.catalog import FunctionInfo
    from databricks.sdk.service.dashboards import GenieSpace
    from databricks.sdk.service.vectorsearch import VectorIndex

_MAX_FUNCTIONS = 1_000
_MAX_SPACE = 4 * 1024 * 1024
# What a serialized space names, and where:
# https://docs.databricks.com/aws/en/genie/conversation-api
_IN_SPACE = (
    ("table", "data_sources", "tables"),
    ("table", "data_sources", "metric_views"),
    ("function", "instructions", "sql_functions"),
)


def is_schema(name: str) -> bool:
    """Whether a name stands for all functions of a schema: `catalog.schema.*`."""
    return name.endswith(".*")


def look_up_function(
    workspace: "WorkspaceClient", name: str
) -> "FunctionInfo | list[FunctionInfo]":
    """Ask for a function, or for all of a schema."""
    schema = unquote(name)
    if not is_schema(schema):
        return workspace.functions.get(name)
    catalog, schema, _ = schema.split(".")
    return list(islice(workspace.functions.list(catalog, schema), _MAX_FUNCTIONS))


def look_up_genie_space(workspace: "WorkspaceClient", name: str) -> "GenieSpace":
    """Ask for a Genie space, with what is in it if the login may edit it."""
    from databricks.sdk.errors import PermissionDenied  # noqa: PLC0415 - as above

    try:
        return workspace.genie.get_space(name, include_serialized_space=True)
    except PermissionDenied:
        return workspace.genie.get_space(name)


def of_function(found: "FunctionInfo | list[FunctionInfo]") -> Iterator[tuple[str, Any]]:
    """What a function calls and reads; of a schema, its functions."""
    if isinstance(found, list):
        yield from (("function", each.full_name) for each in found)
        return
    listed = found.routine_dependencies
    for each in (listed and listed.dependencies) or ():
        if each.table:
            yield "table", each.table.table_full_name
        if each.function:
            yield "function", each.function.function_full_name
        if each.connection:
            yield "uc_connection", each.connection.connection_name


def of_index(index: "VectorIndex") -> Iterator[tuple[str, Any]]:
    """The endpoint that embeds the queries; none where the agent brings its own vectors."""
    spec = index.delta_sync_index_spec or index.direct_access_index_spec
    for column in (spec and spec.embedding_source_columns) or ():
        yield (
            "serving_endpoint",
            column.model_endpoint_name_for_query or column.embedding_model_endpoint_name,
        )


def of_genie_space(space: "GenieSpace") -> Iterator[tuple[str, Any]]:
    """Its warehouse, and the tables and functions that it names."""
    yield "sql_warehouse", space.warehouse_id
    serialized = space.serialized_space or ""
    try:
        content = json.loads(serialized) if len(serialized) <= _MAX_SPACE else None
    except (ValueError, RecursionError):
        return
    for kind, *path in _IN_SPACE:
        each = content
        for part in path:
            each = each.get(part) if isinstance(each, dict) else None
        for item in each if isinstance(each, list) else ():
            if isinstance(item, dict):
                yield kind, item.get("identifier")
