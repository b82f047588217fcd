"""What the agent's own MLflow can record."""

import ast

import mlflow
import pytest
from packaging.version import Version

from entrypoint.resources.check.mlflow_support import not_served, too_old, unsupported_by_flavor
from entrypoint.resources.kinds import DECLARABLE
from entrypoint.resources.resource import ApiScope, Declarations, DeclaredResource, Resource
from entrypoint.runtime.errors import Place

FILE = "agents/resources.yml"
# The last release that doesn't know a kind, and the first that does.
RELEASES = {
    "sql_warehouse": ("2.16.0", "2.16.1"),
    "function": ("2.16.0", "2.16.1"),
    "genie_space": ("2.17.0", "2.17.1"),
    "uc_connection": ("2.17.0", "2.17.1"),
    "table": ("2.17.2", "2.18.0"),
    "app": ("3.0.1", "3.1.0"),
    "lakebase": ("3.3.1", "3.3.2"),
    "uc_model_service": ("3.16.0", "3.17.0"),
    # No older one is supported at all.
    "serving_endpoint": ("2.12.2", "2.13.1"),
    "vector_search_index": ("2.12.2", "2.13.1"),
}


def declaring(*kinds: str, scopes: bool = False, for_the_user: bool | None = None) -> Declarations:
    """A file that declares a resource a kind, each in a line, and a scope in line 100."""
    declared = tuple(
        DeclaredResource(Resource(kind, "it", for_the_user), Place(FILE, line))
        for line, kind in enumerate(kinds, 1)
    )
    return Declarations(FILE, declared, (ApiScope("sql", Place(FILE, 100)),) if scopes else ())


def test_every_kind_is_known_here() -> None:
    assert RELEASES.keys() == DECLARABLE.keys()


@pytest.mark.parametrize(("kind", "releases"), RELEASES.items())
def test_a_kind_needs_the_mlflow_that_knows_it(kind: str, releases: tuple[str, str]) -> None:
    before, since = releases
    (problem,) = too_old(declaring(kind), Version(before))

    assert problem.place == Place(FILE, 1)
    assert f"MLflow {since}" in problem.what
    assert before in problem.what
    assert f"mlflow>={since}" in problem.fix
    assert list(too_old(declaring(kind), Version(since))) == []


def test_every_line_is_reported() -> None:
    reported = too_old(declaring("app", "table", "lakebase"), Version("2.22.1"))

    assert [problem.place for problem in reported] == [Place(FILE, 1), Place(FILE, 3)]


@pytest.mark.parametrize(("version", "problems"), [("2.19.0", 1), ("2.20", 0)])
def test_access_for_the_user_needs_an_mlflow_too(version: str, problems: int) -> None:
    given = declaring("genie_space", for_the_user=True)

    assert len(list(too_old(given, Version(version)))) == problems
    assert list(too_old(declaring("genie_space"), Version(version))) == []


@pytest.mark.parametrize(
    ("version", "refused", "not_obeyed"),
    [("2.20.4", 1, 0), ("2.21.0", 0, 1), ("2.22.0", 0, 1), ("2.22.1", 0, 0), ("3.1.0", 0, 0)],
)
def test_scopes_need_an_mlflow_and_serving_a_newer_one(
    version: str, refused: int, not_obeyed: int
) -> None:
    given = declaring(scopes=True)
    old = list(too_old(given, Version(version)))
    unserved = list(not_served(given, Version(version)))

    assert (len(old), len(unserved)) == (refused, not_obeyed)
    assert all(problem.place == Place(FILE, 100) for problem in (*old, *unserved))
    assert list(not_served(declaring("app"), Version(version))) == []


def test_the_mlflow_of_today_records_everything() -> None:
    given = declaring(*DECLARABLE, scopes=True, for_the_user=True)

    assert list(too_old(given, Version(mlflow.__version__))) == []


@pytest.mark.parametrize("flavor", ["langchain", "llama_index"])
def test_a_flavor_without_scopes_is_refused_with_a_wrapper_that_is_python(flavor: str) -> None:
    (problem,) = unsupported_by_flavor(declaring("app", scopes=True), flavor)

    assert f"{flavor} flavor" in problem.what
    assert problem.place == Place(FILE, 100)
    wrapper = ast.parse(problem.fix.partition("\n\n")[2])
    assert [node.name for node in ast.walk(wrapper) if isinstance(node, ast.FunctionDef)] == [
        "predict"
    ]


@pytest.mark.parametrize("flavor", ["auto", "pyfunc"])
def test_pyfunc_takes_scopes_and_no_flavor_minds_resources(flavor: str) -> None:
    assert list(unsupported_by_flavor(declaring("app", scopes=True), flavor)) == []
    assert list(unsupported_by_flavor(declaring("app"), "langchain")) == []
