"""The kinds of what an agent may use on Databricks: one table, a row each."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from packaging.version import Version

from entrypoint.resources import dependencies, placeholder

if TYPE_CHECKING:  # it takes a while to import, and only live checks need it
    from databricks.sdk import WorkspaceClient

LookUp = Callable[["WorkspaceClient", str], Any]
Dependencies = Callable[[Any], Iterable[tuple[str, Any]]]


@dataclass(frozen=True)
class Shape:
    """What a name looks like; one of another shape can't work where the shape is `strict`."""

    described: str
    pattern: re.Pattern[str]
    strict: bool = False


# Unity Catalog: https://docs.databricks.com/en/sql/language-manual/sql-ref-names.html
_THREE_LEVELS = Shape(
    "three levels, `catalog.schema.name`", re.compile(r"[^./\s]+(\.[^./\s]+){2}"), strict=True
)
_UC_NAME = Shape("one name of Unity Catalog, without dots", re.compile(r"[^./\s]+"))
_WORD = Shape("made of letters, digits, `-` and `_`", re.compile(r"[A-Za-z0-9][\w-]*"))
_WAREHOUSE_ID = Shape("the warehouse's id, 16 hexadecimal digits", re.compile(r"[0-9a-f]{16}"))
_SPACE_ID = Shape("the space's id, 32 hexadecimal digits", re.compile(r"[0-9a-f]{32}"))
_LAKEBASE_NAME = Shape(
    "`projects/<project>`, also with `/branches/<branch>` and `/endpoints/<endpoint>`",
    re.compile(r"projects/[\w-]+(/branches/[\w-]+(/endpoints/[\w-]+)?)?"),
)
_ANY = Shape("any text", re.compile(r".+"))
_IN_SCHEMA = "`USE CATALOG` and `USE SCHEMA` on what it is in"


@dataclass(frozen=True)
class Kind:
    """One kind: what it is called in a sentence, the first MLflow that records it, and its look-up.

    `since` is None where no MLflow does yet: it can't be declared, and who runs the agent needs the
    `grant`. `look_up` is None where the workspace can't be asked for it; `dependencies` reads from
    its answer the kinds and names of what it needs besides.
    `scopes`: what an on-behalf-of-user token needs for it, `mcp_scope`: what is enough where a
    managed MCP server is asked; `accepted`: what may be needed besides. None is documented for
    some kinds.
    https://docs.databricks.com/aws/en/agents/custom-agents/model-serving/agent-authentication-model-serving
    """

    title: str
    since: Version | None
    shape: Shape
    look_up: LookUp | None
    scopes: tuple[str, ...] = ()
    mcp_scope: str = ""
    accepted: tuple[str, ...] = ()
    grant: str = ""
    dependencies: Dependencies = lambda _: ()


def _look_up_lakebase(workspace: "WorkspaceClient", name: str) -> object:
    """Ask for a project, a branch or an endpoint, whichever the name is of.

    Raises:
        ValueError: it is no such name.

    """
    name = unquote(name)
    if not _LAKEBASE_NAME.pattern.fullmatch(name):
        raise ValueError(f"{name} is not {_LAKEBASE_NAME.described}")
    api = workspace.postgres
    if "/endpoints/" in name:
        return api.get_endpoint(name)
    return api.get_branch(name) if "/branches/" in name else api.get_project(name)


KINDS: Mapping[str, Kind] = {
    "vector_search_index": Kind(
        "vector search index",
        Version("2.13.1"),
        _THREE_LEVELS,
        lambda workspace, name: workspace.vector_search_indexes.get_index(name),
        ("model-serving", "vector-search"),
        "mcp.vectorsearch",
        dependencies=dependencies.of_index,
    ),
    "serving_endpoint": Kind(
        "serving endpoint",
        Version("2.13.1"),
        _WORD,
        lambda workspace, name: workspace.serving_endpoints.get(name),
        ("model-serving",),
    ),
    "sql_warehouse": Kind(
        "SQL warehouse",
        Version("2.16.1"),
        _WAREHOUSE_ID,
        lambda workspace, name: workspace.warehouses.get(name),
        ("sql",),
    ),
    "function": Kind(
        "function",
        Version("2.16.1"),
        _THREE_LEVELS,
        dependencies.look_up_function,
        mcp_scope="mcp.functions",
        accepted=("unity-catalog",),
        dependencies=dependencies.of_function,
    ),
    "genie_space": Kind(
        "Genie space",
        Version("2.17.1"),
        _SPACE_ID,
        dependencies.look_up_genie_space,
        ("genie",),
        "mcp.genie",
        dependencies=dependencies.of_genie_space,
    ),
    "uc_connection": Kind(
        "connection",
        Version("2.17.1"),
        _UC_NAME,
        lambda workspace, name: workspace.connections.get(name),
        ("unity-catalog",),
        "mcp.external",
        accepted=("model-serving",),
    ),
    "table": Kind(
        "table",
        Version("2.18.0"),
        _THREE_LEVELS,
        lambda workspace, name: workspace.tables.get(name),
        accepted=("unity-catalog",),
    ),
    "app": Kind(
        "app",
        Version("3.1.0"),
        _WORD,
        lambda workspace, name: workspace.apps.get(name),
        accepted=("apps",),
    ),
    "lakebase": Kind(
        "Lakebase instance",
        Version("3.3.2"),
        _WORD,
        lambda workspace, name: workspace.database.get_database_instance(name),
    ),
    "uc_model_service": Kind(
        "model service",
        Version("3.17.0"),
        _THREE_LEVELS,
        lambda workspace, name: workspace.ai_gateway.get_model_service(f"model-services/{name}"),
        accepted=("ai-gateway",),
    ),
    "mcp_service": Kind(
        "MCP service",
        None,  # https://github.com/mlflow/mlflow/pull/25955
        _THREE_LEVELS,
        lambda workspace, name: workspace.ai_gateway.get_mcp_service(f"mcp-services/{name}"),
        ("ai-gateway",),
        grant=f"`EXECUTE` on it, {_IN_SCHEMA}",
    ),
    "mcp_server": Kind(
        "managed MCP server",
        None,
        _ANY,
        None,
        grant="the permissions for what is asked through it: of Genie One its Genie spaces, of SQL"
        " a warehouse and the tables",
    ),
    "lakebase_project": Kind(
        "Lakebase project",
        None,
        _LAKEBASE_NAME,
        _look_up_lakebase,
        grant="`CAN USE` on the project, and a role in its Postgres",
    ),
    "volume": Kind(
        "volume",
        None,
        _THREE_LEVELS,
        lambda workspace, name: workspace.volumes.read(name),
        grant=f"`READ VOLUME` on it (`WRITE VOLUME` for writing), {_IN_SCHEMA}",
    ),
    "secret_scope": Kind("secret scope", None, _ANY, None, grant="`READ` on it"),
    "job": Kind(
        "job",
        None,
        _ANY,
        None,
        grant="`CAN MANAGE RUN` on it",
    ),
    "feature_store": Kind(
        "feature store",
        None,
        _ANY,
        None,
        grant="`SELECT` on the feature tables, and `CAN QUERY` on the endpoint that serves them",
    ),
    "memory_store": Kind(
        "memory store",
        None,
        _ANY,
        None,
        grant="access to the memory store",
    ),
    "workspace": Kind("other workspace", None, _ANY, None, grant="access to that workspace"),
}
DECLARABLE = {name: kind for name, kind in KINDS.items() if kind.since}
"""The kinds that a resources file may name: those that some MLflow records."""


def resource_of_model(name: str) -> tuple[str, str]:
    """Kind and name of what a client of models asks for: an endpoint's name has no dots."""
    if name.startswith("apps/"):
        return "app", name.removeprefix("apps/")
    is_service = _THREE_LEVELS.pattern.fullmatch(name)
    return "uc_model_service" if is_service else "serving_endpoint", name


def wrong_name(kind: str, name: str) -> str:
    """A sentence about a name that certainly can't be a resource's; empty for any other."""
    title, shape = KINDS[kind].title, KINDS[kind].shape
    if dependencies.is_schema(name):
        return f"`{name}` is a whole schema, and each {title} is declared by its own name."
    if placeholder.is_certain(name):
        return f"`{name}` is a placeholder. The `name` of a {title} is {shape.described}."
    if shape.strict and not shape.pattern.fullmatch(name):
        return f"`{name}` is not the name of a {title}: that has {shape.described}."
    return ""


def key(kind: str, name: str) -> tuple[str, str]:
    """What identifies a resource: names of Unity Catalog don't differ by case alone."""
    return kind, name.lower() if kind in KINDS and KINDS[kind].shape.strict else name
