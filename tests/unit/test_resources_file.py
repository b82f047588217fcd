import pytest
import yaml

from entrypoint.errors import InputFailure, Place, Problem
from entrypoint.resources.file import KINDS, Resource, as_mlflow, found, read
from entrypoint.workspace import Workspace
from tests.unit.conftest import AGENT, link, write

VALID = """\
api_version: "1"
databricks:
  serving_endpoint:
    - name: databricks-claude-sonnet-4
  vector_search_index:
    - name: prod.agents.docs
      on_behalf_of_user: true
    - name: prod.agents.faq
      on_behalf_of_user: false
  sql_warehouse:
    - name: "123456"
  app: []
"""
RESOURCES = (
    Resource("serving_endpoint", "databricks-claude-sonnet-4"),
    Resource("vector_search_index", "prod.agents.docs", on_behalf_of_user=True),
    Resource("vector_search_index", "prod.agents.faq"),
    Resource("sql_warehouse", "123456"),
)
HEAD = 'api_version: "1"\ndatabricks:\n'


def problems(workspace: Workspace, text: str) -> tuple[Problem, ...]:
    with pytest.raises(InputFailure) as raised:
        read(write(workspace, "agents/resources.yml", text), workspace)
    return raised.value.problems


def test_reads_what_the_agent_may_use(workspace: Workspace) -> None:
    assert read(write(workspace, "resources.yml", VALID), workspace) == RESOURCES


def test_no_resources_are_fine(workspace: Workspace) -> None:
    text = 'api_version: "1"\ndatabricks: {}\n'

    assert read(write(workspace, "resources.yml", text), workspace) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_from_what_mlflow_is_given(workspace: Workspace, kind: str) -> None:
    resources = (Resource(kind, "a: b", on_behalf_of_user=True), Resource(kind, "123"))

    written = write(workspace, "written.yml", as_mlflow(resources))

    assert read(written, workspace) == resources


def test_mlflow_is_given_its_own_format() -> None:
    assert yaml.safe_load(as_mlflow(RESOURCES)) == {
        "api_version": "1",
        "databricks": {
            "serving_endpoint": [{"name": "databricks-claude-sonnet-4"}],
            "vector_search_index": [
                {"name": "prod.agents.docs", "on_behalf_of_user": True},
                {"name": "prod.agents.faq"},
            ],
            "sql_warehouse": [{"name": "123456"}],
        },
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("databricks: {}", '`api_version: "1"` is missing'),
        ('api_version: "2"\ndatabricks: {}', '`api_version: "1"` is missing'),
        ('api_version: "1"', "`databricks:` with the resources by kind is missing"),
        (f"{HEAD}  []", "`databricks:` with the resources by kind is missing"),
        ('api_version: "1"\ndatabricks: {}\nazure: {}', "`azure` is not a key"),
        (f"{HEAD}  endpoint: []", "`endpoint` is not a kind of resource; MLflow knows app, "),
        (f"{HEAD}  app:", "`app` holds no list"),
        (f"{HEAD}  app:\n    name: shop", "`app` holds no list"),
        (f"{HEAD}  app:\n  - name: shop\n  - shop", "`app`: entry 2 has no `name`"),
        (f"{HEAD}  app:\n  - {{}}", "`app`: entry 1 has no `name`"),
        (f"{HEAD}  app:\n  - name:", "`app`: entry 1 has no `name`"),
    ],
)
def test_a_problem_names_the_file_and_shows_how_it_should_be(
    workspace: Workspace, text: str, said: str
) -> None:
    (problem,) = problems(workspace, text)

    assert problem.what.startswith("`resources-file`: `agents/resources.yml`: ")
    assert said in problem.what
    assert "serving_endpoint:\n    - name: " in problem.fix
    assert problem.place == Place("agents/resources.yml")


def test_all_problems_are_told_at_once(workspace: Workspace) -> None:
    text = "databricks:\n  app: 1\n  genie:\n  - name: x\n  table:\n  - 1\n  - 2\nazure: {}\n"

    assert len(problems(workspace, text)) == 6


def test_what_is_not_yaml_is_told_with_its_place(workspace: Workspace) -> None:
    (problem,) = problems(workspace, f"{HEAD}  app: [\n")

    assert problem.place == Place("agents/resources.yml", 4, 1)


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (["resources.yml", "resources.yaml"], "resources.yml"),
        (["resources.yaml"], "resources.yaml"),
        (["resources.json"], None),
        (["../resources.yml"], None),
    ],
)
def test_is_found_beside_the_agent(
    workspace: Workspace, names: list[str], first: str | None
) -> None:
    agent = workspace.root / AGENT
    for name in names:
        write(workspace, f"agents/support/{name}", VALID)

    assert found(agent, workspace) == (agent.parent / first if first else None)


def test_what_a_link_finds_outside_the_workspace_is_not_read(workspace: Workspace) -> None:
    outside = workspace.root.parent / "resources.yml"
    outside.write_text(VALID)
    link(workspace, "agents/support/resources.yml", outside)

    with pytest.raises(InputFailure, match="outside the workspace"):
        found(workspace.root / AGENT, workspace)


@pytest.mark.parametrize(
    "text",
    [
        f'{HEAD}  app:\n  - name: shop\n    on_behalf_of_user: "false"',
        f"{HEAD}  app:\n  - name: shop\n    on_behalf_of_usr: true",
        f"{HEAD}  app:\n  - name: [shop]",
        f"{HEAD}  app:\n  - name: shop\n  app:\n  - name: till",
    ],
    ids=["text for yes or no", "unknown key", "list for a name", "kind twice"],
)
def test_what_would_be_misread_is_refused(workspace: Workspace, text: str) -> None:
    (problem,) = problems(workspace, text)

    assert "`app`" in problem.what
