"""The kinds of resources that an agent may use, as their APIs answer a look-up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from doubles.databricks.request import Refusal, denied, missing

_CREATED = 1_760_000_000_000
_OWNER = "owner@example.com"
_BROWSE = frozenset({"include_browse"})


def _three_levels(name: str) -> dict[str, str]:
    catalog, schema, last = name.split(".")
    return {"catalog_name": catalog, "schema_name": schema, "name": last, "full_name": name}


def _serving_endpoint(name: str) -> dict[str, Any]:
    return {
        "id": "5c0f6a8f3a7b4c0d9e1f2a3b4c5d6e7f",
        "name": name,
        "creator": _OWNER,
        "creation_timestamp": _CREATED,
        "last_updated_timestamp": _CREATED,
        "state": {"ready": "READY", "config_update": "NOT_UPDATING"},
        "task": "llm/v1/chat",
        "permission_level": "CAN_QUERY",
        "config": {
            "config_version": 1,
            "served_entities": [
                {
                    "name": name,
                    "foundation_model": {"name": name, "display_name": name},
                    "state": {"deployment": "DEPLOYMENT_READY"},
                }
            ],
        },
    }


def _vector_search_index(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "endpoint_name": "docs",
        "primary_key": "id",
        "index_type": "DELTA_SYNC",
        "creator": _OWNER,
        "delta_sync_index_spec": {
            "source_table": f"{name}_source",
            "pipeline_type": "TRIGGERED",
            "embedding_vector_columns": [{"name": "vector", "embedding_dimension": 1024}],
        },
        "status": {"ready": True, "indexed_row_count": 2, "message": "Index is up to date"},
    }


def _sql_warehouse(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": f"Warehouse {name}",
        "cluster_size": "Small",
        "state": "RUNNING",
        "creator_name": _OWNER,
        "warehouse_type": "PRO",
        "enable_serverless_compute": True,
        "num_clusters": 1,
    }


def _function(name: str) -> dict[str, Any]:
    return {
        **_three_levels(name),
        "owner": _OWNER,
        "data_type": "STRING",
        "full_data_type": "STRING",
        "routine_body": "SQL",
        "routine_definition": "SELECT 1",
        "created_at": _CREATED,
    }


def _table(name: str) -> dict[str, Any]:
    return {
        **_three_levels(name),
        "owner": _OWNER,
        "table_type": "MANAGED",
        "data_source_format": "DELTA",
        "columns": [{"name": "id", "type_name": "LONG", "type_text": "bigint", "position": 0}],
        "created_at": _CREATED,
    }


@dataclass(frozen=True)
class Kind:
    """Where a kind is looked up, what is found, and what is said when nothing is.

    `pattern`: names of another shape are 400, with `malformed` for a message.
    """

    path: str
    found: Callable[[str], dict[str, Any]]
    missing: Callable[[str], Refusal]
    query: frozenset[str] = frozenset()
    pattern: str = r".+"
    malformed: str = "{name}"


KINDS = {
    "serving_endpoint": Kind(
        "/api/2.0/serving-endpoints/{name}",
        _serving_endpoint,
        lambda name: missing(f"The given endpoint does not exist: {name}."),
    ),
    "vector_search_index": Kind(
        "/api/2.0/vector-search/indexes/{name}",
        _vector_search_index,
        lambda name: missing(f"Vector search index {name} not found"),
        frozenset({"ensure_reranker_compatible"}),
        r"\w+\.\w+\.\w+",
        "Invalid index name. Must specify the full index name <catalog>.<schema>.<table>. "
        "Only alphanumerics and underscores are allowed.",
    ),
    "sql_warehouse": Kind(
        "/api/2.0/sql/warehouses/{name}",
        _sql_warehouse,
        lambda name: missing(f"The warehouse {name} was not found."),
        pattern=r"[0-9a-f]{16}",
        malformed="{name} is not a valid endpoint id.",
    ),
    "function": Kind(
        "/api/2.1/unity-catalog/functions/{name}",
        _function,
        lambda name: missing(
            f"Routine or Model '{name}' does not exist.", "ROUTINE_DOES_NOT_EXIST"
        ),
        _BROWSE,
    ),
    # A space that isn't there is not told from one that is forbidden:
    # https://github.com/databricks/cli/blob/main/libs/testserver/genie_spaces.go
    "genie_space": Kind(
        "/api/2.0/genie/spaces/{name}",
        lambda name: {
            "space_id": name,
            "title": f"Space {name}",
            "description": "Sales figures",
            "warehouse_id": "0123456789abcdef",
        },
        lambda name: denied(f'You need "Can View" permission to perform this action: {name}'),
        frozenset({"include_serialized_space"}),
    ),
    "uc_connection": Kind(
        "/api/2.1/unity-catalog/connections/{name}",
        lambda name: {
            "name": name,
            "full_name": name,
            "connection_type": "HTTP",
            "credential_type": "BEARER_TOKEN",
            "owner": _OWNER,
            "created_at": _CREATED,
        },
        lambda name: missing(f"Connection '{name}' does not exist.", "CONNECTION_DOES_NOT_EXIST"),
    ),
    "table": Kind(
        "/api/2.1/unity-catalog/tables/{name}",
        _table,
        lambda name: missing(f"Table '{name}' does not exist.", "TABLE_DOES_NOT_EXIST"),
        _BROWSE | {"include_delta_metadata", "include_manifest_capabilities"},
    ),
    "app": Kind(
        "/api/2.0/apps/{name}",
        lambda name: {
            "name": name,
            "id": "1000",
            "url": f"https://{name}-123.cloud.databricksapps.com",
            "creator": _OWNER,
            "create_time": "2025-10-09T08:53:20Z",
            "app_status": {"state": "RUNNING", "message": "App has status: App is running"},
            "compute_status": {"state": "ACTIVE", "message": "App compute is active."},
        },
        lambda name: missing(f"App with name {name} does not exist or is deleted."),
    ),
    "lakebase": Kind(
        "/api/2.0/database/instances/{name}",
        lambda name: {
            "name": name,
            "uid": "0f0e0d0c-0b0a-4908-8706-050403020100",
            "state": "AVAILABLE",
            "capacity": "CU_1",
            "pg_version": "PG_VERSION_16",
            "creator": _OWNER,
            "read_write_dns": f"{name}.database.cloud.databricks.com",
        },
        lambda name: missing(f"Database instance '{name}' does not exist."),
    ),
    "uc_model_service": Kind(
        "/api/2.1/unity-catalog/model-services/{name}",
        lambda name: {
            "name": f"model-services/{name}",
            "effective_owner": _OWNER,
            "created_by": _OWNER,
            "create_time": "2025-10-09T08:53:20Z",
            "supported_api_types": ["openai/v1/chat/completions"],
        },
        lambda name: missing(f"Model service '{name}' does not exist."),
    ),
    "mcp_service": Kind(
        "/api/2.1/unity-catalog/mcp-services/{name}",
        lambda name: {
            "name": f"mcp-services/{name}",
            "effective_owner": _OWNER,
            "created_by": _OWNER,
            "create_time": "2026-08-09T08:53:20Z",
        },
        lambda name: missing(f"MCP service '{name}' does not exist."),
    ),
    # A project, a branch or an endpoint, each by its whole name.
    "lakebase_project": Kind(
        "/api/2.0/postgres/{name*}",
        lambda name: {"name": name, "create_time": "2026-08-09T08:53:20Z"},
        lambda name: missing(f"'{name}' does not exist."),
        pattern=r"projects/[\w-]+(/branches/[\w-]+(/endpoints/[\w-]+)?)?",
        malformed="'{name}' is not the name of a resource.",
    ),
    "volume": Kind(
        "/api/2.1/unity-catalog/volumes/{name}",
        lambda name: {
            **_three_levels(name),
            "owner": _OWNER,
            "volume_type": "MANAGED",
            "created_at": _CREATED,
        },
        lambda name: missing(f"Volume '{name}' does not exist.", "VOLUME_DOES_NOT_EXIST"),
        _BROWSE,
    ),
}
