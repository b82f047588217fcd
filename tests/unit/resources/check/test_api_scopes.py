"""API scopes: the documented ones are enough, fewer are not, and more are reported."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
import yaml

from entrypoint.resources.check.api_scopes import (
    missing,
    refused,
    superfluous,
    unknown,
    without_direct_access,
)
from entrypoint.resources.kinds import DECLARABLE
from entrypoint.resources.resource import ApiScope, Declarations, DeclaredResource, Resource, Use
from entrypoint.runtime.errors import Place, Problem

SERVING = "serving.serving-endpoints"
SEARCH = ("vectorsearch.vector-search-endpoints", "vectorsearch.vector-search-indexes")
# What a token needs for each kind, by the names of today, and by the older ones.
SCOPES = {
    "vector_search_index": ("model-serving", "vector-search"),
    "serving_endpoint": ("model-serving",),
    "sql_warehouse": ("sql",),
    "genie_space": ("genie",),
    "uc_connection": ("unity-catalog",),
}
OLDER = {
    "vector_search_index": (SERVING, *SEARCH),
    "serving_endpoint": (SERVING,),
    "sql_warehouse": ("sql.statement-execution", "sql.warehouses"),
    "genie_space": ("dashboards.genie",),
    "uc_connection": ("catalog.connections",),
}
# As Model Serving lists them where it refuses one.
ALLOWED = """
sql, sql.statement-execution, sql.warehouses, mcp.genie, mcp.external, mcp.sql, mcp.vectorsearch,
mcp.functions, catalog.connections, vector-search, vectorsearch.vector-search-indexes,
vectorsearch.vector-search-endpoints, iam.current-user:read, iam.access-control:read,
dashboards.genie, genie, ai-gateway, unity-catalog, apps.apps, apps, model-serving,
serving.serving-endpoints, workspace.workspace
"""
FILE = "agents/resources.yml"


def declarations(*scopes: str, kinds: Iterable[str] = ()) -> Declarations:
    """A file that declares one resource a kind for the user, then the scopes, each in a line."""
    declared = tuple(
        DeclaredResource(
            Resource(kind, "prod.agents.it", on_behalf_of_user=True), Place(FILE, line)
        )
        for line, kind in enumerate(kinds, 1)
    )
    listed = tuple(ApiScope(name, Place(FILE, line)) for line, name in enumerate(scopes, 101))
    return Declarations(FILE, declared, listed)


def use(kind: str, *, for_the_user: bool = True, over_mcp: bool = False) -> Use:
    place = Place("agents/agent.py", 7)
    return Use(kind, "it", "call(...)", "code", place, for_the_user, over_mcp)


def pasted(problem: Problem) -> list[str]:
    """The scopes of the lines that are to be pasted."""
    content = yaml.safe_load(problem.fix.partition("\n\n")[2])
    scopes: list[str] = content["user_auth_policy"]["api_scopes"]
    return scopes


@pytest.mark.parametrize(
    ("kind", "scopes"),
    [
        *SCOPES.items(),
        *OLDER.items(),
        ("vector_search_index", (SERVING, "vector-search")),
        ("vector_search_index", ("model-serving", *SEARCH)),
    ],
)
def test_the_names_of_today_and_the_older_ones_are_just_enough(
    kind: str, scopes: tuple[str, ...]
) -> None:
    enough = declarations(*scopes, kinds=[kind])

    assert list(missing(enough, [use(kind)], FILE)) == []
    assert list(superfluous(enough, [use(kind)])) == []
    assert list(unknown(enough)) == []
    assert list(refused(enough, [use(kind)])) == []


@pytest.mark.parametrize(("kind", "scopes"), SCOPES.items())
def test_without_scopes_the_names_of_today_are_shown(kind: str, scopes: tuple[str, ...]) -> None:
    (problem,) = missing(declarations(kinds=[kind]), [], FILE)

    assert pasted(problem) == list(scopes)
    assert problem.place == Place(FILE, 1)


@pytest.mark.parametrize("kind", sorted(DECLARABLE.keys() - SCOPES.keys()))
def test_a_kind_without_documented_scopes_needs_none(kind: str) -> None:
    assert list(missing(declarations(kinds=[kind]), [use(kind)], FILE)) == []


def test_what_is_there_is_kept_when_scopes_are_added() -> None:
    given = declarations("dashboards.genie", SEARCH[0], kinds=["vector_search_index"])

    (problem,) = missing(given, [], FILE)

    assert pasted(problem) == ["dashboards.genie", SEARCH[0], "model-serving", "vector-search"]
    assert problem.place == Place(FILE, 101)


def test_what_model_serving_refuses_is_not_among_the_lines_to_paste() -> None:
    (problem,) = missing(declarations("files", "ai-search", "sql", kinds=["genie_space"]), [], FILE)

    assert pasted(problem) == ["vector-search", "sql", "genie"]


def test_all_that_lacks_is_one_problem() -> None:
    (problem,) = missing(declarations(kinds=["genie_space", "sql_warehouse"]), [], FILE)

    assert set(pasted(problem)) == {*SCOPES["genie_space"], *SCOPES["sql_warehouse"]}


def test_a_client_for_the_user_needs_scopes_and_the_agents_own_does_not() -> None:
    assert list(missing(declarations(), [use("genie_space", for_the_user=False)], FILE)) == []
    (problem,) = missing(declarations(), [use("genie_space")], FILE)

    assert pasted(problem) == ["genie"]
    assert "`genie`" in problem.what
    assert "`call(...)`" in problem.what


@pytest.mark.parametrize(
    ("kind", "name", "short", "of_mcp"),
    [
        ("function", "prod.tools.add", "unity-catalog", "mcp.functions"),
        ("genie_space", "01ef", "genie", "mcp.genie"),
        ("uc_connection", "github", "unity-catalog", "mcp.external"),
        ("vector_search_index", "prod.agents.docs", "vector-search", "mcp.vectorsearch"),
        ("mcp_server", "/api/2.0/mcp/genie", "genie", "mcp.genie"),
        ("mcp_server", "/api/2.0/mcp/sql", "sql", "mcp.sql"),
    ],
)
def test_a_managed_mcp_server_takes_either_name(
    kind: str, name: str, short: str, of_mcp: str
) -> None:
    asked = [replace(use(kind, over_mcp=True), name=name)]

    (problem,) = missing(declarations(), asked, FILE)

    assert pasted(problem) == [short]
    for scope in (short, of_mcp):
        assert list(missing(declarations(scope), asked, FILE)) == []
        assert list(superfluous(declarations(scope), asked)) == []


def test_an_mcp_service_needs_the_scope_of_the_gateway() -> None:
    asked = [use("mcp_service")]

    (problem,) = missing(declarations(), asked, FILE)

    assert pasted(problem) == ["ai-gateway"]
    assert list(missing(declarations("ai-gateway"), asked, FILE)) == []


def test_a_scope_that_nothing_needs_is_reported_in_its_line() -> None:
    given = declarations("genie", "sql.warehouses", "mcp.external", kinds=["genie_space"])

    reported = list(superfluous(given, []))

    assert [problem.place for problem in reported] == [Place(FILE, 102), Place(FILE, 103)]
    assert "`sql.warehouses`" in reported[0].what


@pytest.mark.parametrize(
    "uses", [[], [use("genie_space", for_the_user=False)]], ids=["nothing", "system"]
)
def test_where_nothing_is_known_to_act_for_the_user_no_scope_is_superfluous(
    uses: list[Use],
) -> None:
    assert list(superfluous(declarations("sql", "genie"), uses)) == []


@pytest.mark.parametrize(
    ("scope", "near"),
    [
        ("dashboards.geni", "Did you mean `dashboards.genie`"),
        ("sql.statement-executions", "Did you mean `sql.statement-execution`"),
        ("zzz", "log-agent knows."),
    ],
)
def test_an_unknown_scope_is_reported_with_the_nearest_and_may_be_right(
    scope: str, near: str
) -> None:
    given = declarations("genie", scope, kinds=["genie_space"])

    (problem,) = unknown(given)

    assert f"`{scope}`" in problem.what
    assert near in problem.what
    assert problem.place == Place(FILE, 102)
    assert list(superfluous(given, [])) == []


@pytest.mark.parametrize("scope", ALLOWED.replace(",", " ").split())
def test_what_model_serving_allows_passes_without_a_word(scope: str) -> None:
    given = declarations(scope)

    assert [*unknown(given), *refused(given, [])] == []


@pytest.mark.parametrize(
    ("scope", "advice"),
    [
        ("ai-search", "in its place:\n\n    - vector-search"),
        ("all-apis", "in its place:\n\n    - genie\n    - sql"),
        ("catalog.catalogs:read", "Take it out"),
        ("catalog.schemas:read", "Take it out"),
        ("catalog.tables:read", "Take it out"),
        ("files", "Take it out"),
        ("files.files", "Take it out"),
        ("postgres", "Take it out"),
        ("serving.serving-endpoints-data-plane", "in its place:\n\n    - model-serving"),
    ],
)
def test_a_scope_that_model_serving_refuses_is_reported_with_what_it_takes(
    scope: str, advice: str
) -> None:
    given = declarations("iam.current-user:read", scope)
    uses = [use("genie_space"), use("sql_warehouse")]

    (problem,) = refused(given, uses)

    assert f"Model Serving refuses the API scope `{scope}`" in problem.what
    assert "Databricks Apps" in problem.what
    assert advice in problem.fix
    assert problem.place == Place(FILE, 102)
    assert [*unknown(given), *superfluous(given, uses)] == []


@pytest.mark.parametrize(
    ("kind", "scopes"),
    [
        ("vector_search_index", ("ai-search", "model-serving")),
        ("serving_endpoint", ("serving.serving-endpoints-data-plane",)),
        ("genie_space", ("all-apis",)),
    ],
)
def test_what_a_refused_scope_means_is_not_lacking_as_well(
    kind: str, scopes: tuple[str, ...]
) -> None:
    assert list(missing(declarations(*scopes), [use(kind)], FILE)) == []


@pytest.mark.parametrize("there", [("vector-search",), SEARCH])
def test_what_is_there_already_is_not_advised(there: tuple[str, ...]) -> None:
    (problem,) = refused(declarations(*there, "ai-search"), [])

    assert problem.fix.startswith("Take it out: `vector-search`")


def test_where_nothing_is_known_to_be_needed_the_scopes_are_to_be_named() -> None:
    (problem,) = refused(declarations("all-apis"), [])

    assert "each scope that the agent needs" in problem.fix


def test_tables_and_functions_for_the_user_get_the_documented_advice() -> None:
    reported = list(without_direct_access(declarations(kinds=DECLARABLE), []))

    lines = [line for line, kind in enumerate(DECLARABLE, 1) if kind in ("table", "function")]
    assert [problem.place for problem in reported] == [Place(FILE, line) for line in lines]
    assert all("Genie" in problem.fix for problem in reported)
