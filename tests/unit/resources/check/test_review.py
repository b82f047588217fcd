"""The review of what the agent may use: what is refused, what is said, and what is shown."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.inputs.workspace import Workspace
from entrypoint.resources.check.existence import Existence, ExistenceAnswer, LookedUp
from entrypoint.resources.check.review import Review
from entrypoint.resources.file import read
from entrypoint.resources.resource import Use
from entrypoint.resources.scan import Findings, scan
from entrypoint.resources.scan.pitfalls import Pitfalls
from entrypoint.runtime.errors import Place, ResourceFailure
from entrypoint.runtime.log import PlainLog
from tests.unit.conftest import write

FILE = "agents/resources.yml"
AGENT = "agents/agent.py"
RESOURCES = """\
api_version: "1"
databricks:
  serving_endpoint:
    - name: declared
user_auth_policy:
  api_scopes: [dashboards.genie]
"""
USED = Use("serving_endpoint", "declared", "call(...)", "code", Place(AGENT, 3))
UNDECLARED = Use("app", "shop", "call(...)", "code", Place(AGENT, 4))
FOR_THE_USER = Use("sql_warehouse", None, "ask(...)", "code", Place(AGENT, 5), True)  # noqa: FBT003
OBSERVED = Use("lakebase", "memory", "GET /it", "observed")
FOUND = Findings((USED, UNDECLARED, FOR_THE_USER))

# As the documentation has it: a retriever that sees what the user may see.
DOCUMENTED = """
from databricks.sdk import WorkspaceClient
from databricks_ai_bridge import ModelServingUserCredentials
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool

llm = ChatDatabricks(endpoint="declared")

class Agent:
    def predict(self, context, model_input):
        user_client = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
        tool = VectorSearchRetrieverTool(
            index_name="prod.agents.docs", workspace_client=user_client
        )
"""
DOCUMENTED_RESOURCES = """\
api_version: "1"
databricks:
  serving_endpoint:
    - name: declared
user_auth_policy:
  api_scopes:
    - model-serving
    - vector-search
"""


class Reviewed:
    """A review of a file, and what it said."""

    def __init__(self, workspace: Workspace, level: str, text: str = RESOURCES) -> None:
        declarations = read(write(workspace, FILE, text), workspace, {})
        self._stream = io.StringIO()
        log = PlainLog(self._stream)
        self.review = Review(declarations, level, Place(AGENT), FILE, log)

    @property
    def said(self) -> list[str]:
        """The first line of each notice and warning."""
        lines = self._stream.getvalue().splitlines()
        return [line for line in lines if line.startswith(("notice: ", "warning: "))]

    @property
    def names(self) -> list[str]:
        return [line.name for line in self.review.table.lines]


def test_all_that_is_wrong_is_refused_at_once(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "error")

    with pytest.raises(ResourceFailure) as raised:
        reviewed.review.code(FOUND)

    undeclared, lacking = raised.value.problems
    assert "`shop`" in undeclared.what
    assert undeclared.place == Place(AGENT, 4)
    assert "lacks `sql`" in lacking.what
    assert reviewed.names == ["declared", "shop", ""]


def test_can_be_warned_of_instead(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "warn")

    reviewed.review.code(FOUND)

    assert [line.partition(": `")[0] for line in reviewed.said] == [
        f"warning: {AGENT}:4",
        f"warning: {FILE}:6:16",
    ]
    assert reviewed.names == ["declared", "shop", ""]


def test_can_be_switched_off(workspace: Workspace) -> None:
    odd = RESOURCES.replace("dashboards.genie", "no.such")
    reviewed = Reviewed(workspace, "off", odd.replace("declared", "not a name"))
    early = Findings(FOUND.uses, Pitfalls(early_user_clients=(Place(AGENT, 9),)))

    reviewed.review.code(early)
    reviewed.review.verified([OBSERVED], was_asked=True)

    assert reviewed.said == []
    assert reviewed.review.to_look_up == []
    assert reviewed.names == ["not a name", "declared", "shop", "", "memory"]


def test_one_finding_on_many_lines_is_one_notice(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "warn")
    places = (Place(AGENT, 9), Place(AGENT, 12))
    unread = tuple((place, place) for place in places)

    reviewed.review.code(Findings((USED,), Pitfalls(early_user_clients=places), unread=unread))

    warning, notice = reviewed.said
    assert warning.startswith(f"warning: {AGENT}:9: `agent-path`: a client")
    assert notice.startswith(f"notice: {AGENT}:9: `agent-path`: some lines could not be read")


def test_a_placeholder_is_doubted_at_its_place(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "error", RESOURCES.replace("declared", "YOUR_ENDPOINT"))

    reviewed.review.code(Findings())

    (warning,) = reviewed.said
    assert "`YOUR_ENDPOINT` looks like a placeholder" in warning


def test_nothing_is_reported_twice(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "warn")

    reviewed.review.code(Findings((USED, UNDECLARED)))
    reviewed.review.verified([Use("app", "shop", "GET /it", "observed"), OBSERVED], was_asked=True)

    first, second = reviewed.said
    assert "`shop`" in first
    assert "`memory`" in second


def test_what_is_observed_can_be_refused_too(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "error")
    reviewed.review.code(Findings((USED,)))

    with pytest.raises(ResourceFailure, match="`memory`"):
        reviewed.review.verified([OBSERVED], was_asked=True)

    assert reviewed.names == ["declared", "memory"]
    assert reviewed.review.table.lines[1].observed


def test_what_was_not_seen_is_a_notice(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "error")

    reviewed.review.code(Findings(()))
    reviewed.review.verified([], was_asked=True)

    (said,) = reviewed.said
    assert said.startswith(f"notice: {FILE}:4:7: ")
    assert "neither the code nor the example" in said


def test_what_looks_wrong_is_a_warning(workspace: Workspace) -> None:
    odd = RESOURCES.replace("dashboards.genie", "dashboards.geni")
    reviewed = Reviewed(workspace, "error", odd.replace("declared", "not a name"))

    reviewed.review.code(Findings((), Pitfalls(early_user_clients=(Place(AGENT, 9),))))

    assert [line.partition(": `")[0] for line in reviewed.said] == [
        f"warning: {FILE}:4:7",
        f"warning: {FILE}:6:16",
        f"warning: {AGENT}:9",
    ]
    assert "only inside of `predict`" in reviewed.said[2]


@pytest.mark.parametrize("level", ["error", "warn", "off"])
def test_what_the_agents_mlflow_cannot_record_is_refused(workspace: Workspace, level: str) -> None:
    reviewed = Reviewed(workspace, level)

    with pytest.raises(ResourceFailure, match=r"MLflow 2\.21") as old:
        reviewed.review.mlflow(Version("2.20.0"), "pyfunc")
    with pytest.raises(ResourceFailure, match="langchain flavor"):
        reviewed.review.mlflow(Version("3.17.2"), "langchain")
    with pytest.raises(ResourceFailure, match="langchain flavor"):
        reviewed.review.mlflow(None, "langchain")

    assert len(old.value.problems) == 1
    reviewed.review.mlflow(Version("3.17.2"), "pyfunc")
    assert reviewed.said == []


def test_what_mlflow_records_and_serving_does_not_obey_is_a_warning(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "error")

    reviewed.review.mlflow(Version("2.22.0"), "pyfunc")

    (said,) = reviewed.said
    assert said.startswith(f"warning: {FILE}:6:16: ")
    assert "2.22.1" in said


def test_each_name_is_looked_up_once(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "warn")

    for_the_user = replace(UNDECLARED, on_behalf_of_user=True)
    reviewed.review.code(Findings((*FOUND.uses, for_the_user)))

    assert reviewed.review.to_look_up == [("serving_endpoint", "declared"), ("app", "shop")]


def test_what_is_not_there_is_refused_in_its_line(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "error")
    reviewed.review.code(Findings((USED,)))

    with pytest.raises(ResourceFailure) as raised:
        reviewed.review.workspace(
            LookedUp(
                {("serving_endpoint", "declared"): ExistenceAnswer("not found", "::error::no")}
            )
        )

    (problem,) = raised.value.problems
    assert problem.place == Place(FILE, 4, 7)
    assert "the workspace has no serving endpoint `declared`" in problem.what
    assert problem.detail == "::error::no"
    assert reviewed.review.table.lines[0].exists == "not found"


def test_what_the_code_alone_names_is_refused_there(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "warn")
    reviewed.review.code(Findings((UNDECLARED,)))

    reviewed.review.workspace(LookedUp({("app", "shop"): ExistenceAnswer("not found", "no")}))

    assert (
        f"warning: {AGENT}:4: `resources-file`: the workspace has no app `shop`." in reviewed.said
    )


def test_what_cannot_be_looked_up_is_one_notice(workspace: Workspace) -> None:
    apps = "  app:\n    - name: shop\n    - name: till\nuser_auth_policy"
    reviewed = Reviewed(workspace, "error", RESOURCES.replace("user_auth_policy", apps))
    reviewed.review.code(Findings((USED,)))

    reviewed.review.workspace(
        LookedUp(
            {
                ("serving_endpoint", "declared"): ExistenceAnswer("can't tell", "forbidden"),
                ("app", "shop"): ExistenceAnswer("unreachable", "silence"),
                ("app", "till"): ExistenceAnswer("found"),
            }
        )
    )

    (said,) = reviewed.said
    assert "whether 2 of the resources exist" in said
    assert reviewed.review.table.lines[0].exists == "can't tell"


def test_why_nobody_was_asked_is_in_the_table(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "error")

    reviewed.review.workspace(LookedUp(why_not="nobody is logged in"))

    assert reviewed.review.table.not_looked_up == "nobody is logged in"
    assert reviewed.names == ["declared"]


def test_the_documented_example_passes_without_a_word(workspace: Workspace, tmp_path: Path) -> None:
    reviewed = Reviewed(workspace, "error", DOCUMENTED_RESOURCES)
    found = scan(DOCUMENTED, AgentSource(AGENT, "").place, tmp_path, lambda *_: None, None)

    reviewed.review.code(found)
    reviewed.review.mlflow(Version("2.22.1"), "pyfunc")
    reviewed.review.verified(
        [
            Use("serving_endpoint", "declared", "POST /it", "observed"),
            Use("vector_search_index", "prod.agents.docs", "POST /it", "observed"),
        ],
        was_asked=True,
    )

    assert reviewed.said == []
    assert [use.kind for use in found.uses if use.on_behalf_of_user] == ["vector_search_index"]


SPACE = ("genie_space", "0123456789abcdef0123456789abcdef")
WAREHOUSE = ("sql_warehouse", "0123456789abcdef")
GENIE = f"""\
api_version: "1"
databricks:
  genie_space:
    - name: {SPACE[1]}
"""


def answered(
    parent: tuple[str, str], *dependencies: tuple[str, str], existence: Existence = "found"
) -> LookedUp:
    """A resource that is there, and what it needs besides."""
    answers = {each: ExistenceAnswer(existence) for each in dependencies}
    return LookedUp({parent: ExistenceAnswer("found", dependencies=dependencies), **answers})


def test_what_a_declared_resource_needs_must_be_declared(workspace: Workspace) -> None:
    reviewed = Reviewed(workspace, "error", GENIE)
    reviewed.review.code(Findings(()))

    with pytest.raises(ResourceFailure) as raised:
        reviewed.review.workspace(answered(SPACE, WAREHOUSE))

    (problem,) = raised.value.problems
    assert f"the Genie space `{SPACE[1]}` needs the SQL warehouse `{WAREHOUSE[1]}`" in problem.what
    assert "sql_warehouse:\n  - name: 0123456789abcdef" in problem.fix
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == (FILE, 4)
    assert [line.through for line in reviewed.review.table.lines] == [(), (SPACE,)]


def test_what_is_needed_and_declared_is_in_use(workspace: Workspace) -> None:
    declared = f"{GENIE}  sql_warehouse:\n    - name: {WAREHOUSE[1]}\n"
    reviewed = Reviewed(workspace, "error", declared)
    used = Use(*SPACE, "GenieAgent(...)", "code", Place(AGENT, 3))
    reviewed.review.code(Findings((used,)))

    reviewed.review.workspace(answered(SPACE, WAREHOUSE))
    reviewed.review.verified([], was_asked=True)

    assert reviewed.said == []


def test_nothing_is_asked_for_what_only_the_user_reaches(workspace: Workspace) -> None:
    for_the_user = (
        f"{GENIE}      on_behalf_of_user: true\nuser_auth_policy:\n  api_scopes: [genie]\n"
    )
    reviewed = Reviewed(workspace, "error", for_the_user)

    reviewed.review.workspace(answered(SPACE, WAREHOUSE, existence="not found"))

    assert reviewed.names == [SPACE[1]]


def test_what_a_function_uses_is_shown_only(workspace: Workspace) -> None:
    function = ("function", "c.s.f")
    reviewed = Reviewed(
        workspace, "error", 'api_version: "1"\ndatabricks:\n  function:\n    - name: c.s.f\n'
    )

    reviewed.review.workspace(answered(function, ("table", "c.s.t"), existence="not found"))

    assert [(line.name, line.exists) for line in reviewed.review.table.lines] == [
        ("c.s.f", "found"),
        ("c.s.t", "not found"),
    ]


def test_each_function_of_a_schema_must_be_declared(workspace: Workspace) -> None:
    schema = ("function", "c.s.*")
    reviewed = Reviewed(workspace, "error")
    used = Use(*schema, "UCFunctionToolkit(...)", "code", Place(AGENT, 3))
    reviewed.review.code(Findings((used,)))

    with pytest.raises(ResourceFailure) as raised:
        reviewed.review.workspace(answered(schema, ("function", "c.s.f")))

    (problem,) = raised.value.problems
    assert "`UCFunctionToolkit(...)` gives the agent every function of `c.s`" in problem.what
    assert "- name: c.s.f" in problem.fix
    assert "*" not in problem.fix
    assert problem.place == Place(AGENT, 3)
