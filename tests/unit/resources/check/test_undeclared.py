"""What is used and not declared, and what is declared and was not seen."""

import pytest
import yaml

from entrypoint.inputs.workspace import Workspace
from entrypoint.resources.check.undeclared import declared_but_unseen, undeclared
from entrypoint.resources.file import read
from entrypoint.resources.resource import Declarations, DeclaredResource, Resource, Use, UseOrigin
from entrypoint.runtime.errors import Place, Problem
from tests.unit.conftest import write

AGENT = Place("agents/agent.py")
FILE = "agents/resources.yml"


def use(
    kind: str = "serving_endpoint",
    name: str | None = "claude",
    line: int | None = 7,
    *,
    source: UseOrigin = "code",
    for_the_user: bool = False,
) -> Use:
    place = Place("agents/agent.py", line) if line else None
    return Use(kind, name, "call(...)", source, place, for_the_user)


def observed(kind: str = "serving_endpoint", name: str | None = "claude") -> Use:
    return use(kind, name, line=None, source="observed")


def declaring(*resources: tuple[str, str]) -> Declarations:
    declared = (
        DeclaredResource(Resource(kind, name), Place(FILE, line))
        for line, (kind, name) in enumerate(resources, 1)
    )
    return Declarations(FILE, tuple(declared))


NOTHING = declaring()


def problems(declarations: Declarations, *uses: Use) -> list[Problem]:
    return list(undeclared(declarations, uses, AGENT, FILE))


def pasted(problem: Problem) -> str:
    return problem.fix.partition("\n\n")[2]


def test_an_undeclared_use_is_reported_in_the_line_that_uses_it_with_what_to_paste() -> None:
    (problem,) = problems(NOTHING, use())

    assert "`call(...)` uses the serving endpoint `claude`" in problem.what
    assert problem.place == Place("agents/agent.py", 7)
    assert f"`{FILE}`" in problem.fix
    assert yaml.safe_load(pasted(problem)) == {"serving_endpoint": [{"name": "claude"}]}


@pytest.mark.parametrize(
    "fine",
    [
        use(name=None),
        use(for_the_user=True),
        observed(name=None),
        use("serving_endpoint", "declared"),
        use("table", "prod.sales.orders"),
        use("table", "PROD.Sales.ORDERS"),
    ],
    ids=["not known", "for the user", "no name", "declared", "table", "case of a table"],
)
def test_what_needs_no_declaration_is_not_reported(fine: Use) -> None:
    given = declaring(("serving_endpoint", "declared"), ("table", "prod.sales.orders"))

    assert problems(given, fine) == []


def test_endpoints_have_a_case_and_kinds_have_names_of_their_own() -> None:
    given = declaring(("serving_endpoint", "Claude"), ("app", "claude"))

    assert len(problems(given, use())) == 1


def test_an_undeclared_use_is_reported_once_with_all_places() -> None:
    (problem,) = problems(NOTHING, use(), use(line=9), use(line=9), observed(), use(line=12))

    assert problem.place == Place("agents/agent.py", 7)
    assert problem.detail == "Also at agents/agent.py:9, agents/agent.py:12"


def test_without_a_file_the_whole_one_is_shown_and_it_works(workspace: Workspace) -> None:
    uses = (use(), use("table", "prod.sales.orders"), use("app", "yes"), use("app", "12: #3"))

    reported = problems(Declarations(), *uses)

    assert len(reported) == 4
    made = read(write(workspace, FILE, pasted(reported[0])), workspace, {})
    assert problems(made, *uses) == []


def test_a_request_is_reported_at_the_agents_file() -> None:
    (problem,) = problems(NOTHING, observed())

    assert problem.what.count("while it answered the example") == 1
    assert problem.place == AGENT


def test_a_request_is_reported_where_the_code_uses_one_whose_name_is_not_known() -> None:
    (problem,) = problems(NOTHING, use("app", None, 3), use(name=None, line=5), observed())

    assert problem.place == Place("agents/agent.py", 5)


@pytest.mark.parametrize("name", ["claude", None])
def test_a_request_on_behalf_of_the_user_needs_no_declaration(name: str | None) -> None:
    assert problems(NOTHING, use(name=name, for_the_user=True), observed()) == []
    assert len(problems(NOTHING, use("app", name, for_the_user=True), observed())) == 1


def test_what_mlflow_infers_counts_too() -> None:
    (problem,) = problems(NOTHING, use(line=None, source="inferred"))

    assert "MLflow finds in the LangChain object the serving endpoint `claude`" in problem.what


def test_what_was_not_seen_is_reported_in_its_line() -> None:
    given = declaring(("app", "seen"), ("app", "unseen"), ("table", "prod.sales.orders"))

    reported = list(
        declared_but_unseen(given, [use("app", "seen"), observed("table", "prod.Sales.orders")])
    )

    assert [problem.place for problem in reported] == [Place(FILE, 2)]
    assert "`unseen`" in reported[0].what


def test_one_whose_name_is_not_known_may_be_any_of_its_kind() -> None:
    given = declaring(("app", "shop"), ("lakebase", "memory"))

    reported = list(declared_but_unseen(given, [use("app", None)]))

    assert [problem.place for problem in reported] == [Place(FILE, 2)]
