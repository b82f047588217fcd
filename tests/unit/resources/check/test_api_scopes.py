"""API scopes: the documented ones are enough, fewer are not, and more are reported."""

from collections.abc import Iterable

import pytest
import yaml

from entrypoint.resources.check.api_scopes import (
    missing,
    superfluous,
    unknown,
    without_direct_access,
)
from entrypoint.resources.kinds import DECLARABLE
from entrypoint.resources.resource import ApiScope, Declarations, DeclaredResource, Resource, Use
from entrypoint.runtime.errors import Place, Problem

SERVING = "serving.serving-endpoints"
SEARCH = ("vectorsearch.vector-search-endpoints", "vectorsearch.vector-search-indexes")
# As documented: what a token needs for each kind.
SCOPES = {
    "vector_search_index": (SERVING, *SEARCH),
    "serving_endpoint": (SERVING,),
    "sql_warehouse": ("sql.statement-execution", "sql.warehouses"),
    "genie_space": ("dashboards.genie",),
    "uc_connection": ("catalog.connections",),
}
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


@pytest.mark.parametrize(("kind", "scopes"), SCOPES.items())
def test_the_documented_scopes_are_just_enough(kind: str, scopes: tuple[str, ...]) -> None:
    enough = declarations(*scopes, kinds=[kind])

    assert list(missing(enough, [use(kind)], FILE)) == []
    assert list(superfluous(enough, [use(kind)])) == []
    assert list(unknown(enough)) == []


@pytest.mark.parametrize(("kind", "scopes"), SCOPES.items())
def test_without_scopes_the_documented_ones_are_shown(kind: str, scopes: tuple[str, ...]) -> None:
    (problem,) = missing(declarations(kinds=[kind]), [], FILE)

    assert pasted(problem) == list(scopes)
    assert problem.place == Place(FILE, 1)


@pytest.mark.parametrize("kind", sorted(DECLARABLE.keys() - SCOPES.keys()))
def test_a_kind_without_documented_scopes_needs_none(kind: str) -> None:
    assert list(missing(declarations(kinds=[kind]), [use(kind)], FILE)) == []


def test_what_is_there_is_kept_when_scopes_are_added() -> None:
    given = declarations("dashboards.genie", SEARCH[0], kinds=["vector_search_index"])

    (problem,) = missing(given, [], FILE)

    assert pasted(problem) == ["dashboards.genie", SEARCH[0], SERVING, SEARCH[1]]
    assert problem.place == Place(FILE, 101)


def test_all_that_lacks_is_one_problem() -> None:
    (problem,) = missing(declarations(kinds=["genie_space", "sql_warehouse"]), [], FILE)

    assert set(pasted(problem)) == {*SCOPES["genie_space"], *SCOPES["sql_warehouse"]}


def test_a_client_for_the_user_needs_scopes_and_the_agents_own_does_not() -> None:
    assert list(missing(declarations(), [use("genie_space", for_the_user=False)], FILE)) == []
    (problem,) = missing(declarations(), [use("genie_space")], FILE)

    assert pasted(problem) == ["dashboards.genie"]
    assert "`dashboards.genie`" in problem.what
    assert "`call(...)`" in problem.what


@pytest.mark.parametrize(
    ("kind", "scopes"),
    [
        ("vector_search_index", ("vector-search", "model-serving")),
        ("serving_endpoint", ("model-serving",)),
        ("sql_warehouse", ("sql",)),
        ("genie_space", ("genie",)),
        ("sql_warehouse", ("all-apis",)),
    ],
)
def test_the_short_names_stand_for_the_older_ones(kind: str, scopes: tuple[str, ...]) -> None:
    short = declarations(*scopes)

    assert list(missing(short, [use(kind)], FILE)) == []
    assert list(superfluous(short, [use(kind)])) == []
    assert list(unknown(short)) == []


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("function", "mcp.functions"),
        ("genie_space", "mcp.genie"),
        ("uc_connection", "mcp.external"),
        ("vector_search_index", "mcp.vectorsearch"),
    ],
)
def test_a_managed_mcp_server_has_scopes_of_its_own(kind: str, scope: str) -> None:
    (problem,) = missing(declarations(), [use(kind, over_mcp=True)], FILE)

    assert pasted(problem) == [scope]
    assert list(missing(declarations(scope), [use(kind, over_mcp=True)], FILE)) == []
    assert list(superfluous(declarations(scope), [use(kind, over_mcp=True)])) == []


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


def test_tables_and_functions_for_the_user_get_the_documented_advice() -> None:
    reported = list(without_direct_access(declarations(kinds=DECLARABLE), []))

    lines = [line for line, kind in enumerate(DECLARABLE, 1) if kind in ("table", "function")]
    assert [problem.place for problem in reported] == [Place(FILE, line) for line in lines]
    assert all("Genie" in problem.fix for problem in reported)
