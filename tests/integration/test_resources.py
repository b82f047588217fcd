"""What the agent may use is checked before it is published; the workspace is a double."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.models import Model

from doubles.databricks import Fault, Workspace
from doubles.runner import PULL_REQUEST
from tests.integration.conftest import ECHO, Checkout

pytestmark = pytest.mark.exhaustive

# Uses of all sorts in an agent that answers by itself, so that it needs no workspace.
HEAD = """
import os
from databricks.sdk import WorkspaceClient
from databricks.sdk.credentials_provider import ModelServingUserCredentials
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool
"""
USES_ENDPOINT = """

def ask(text):
    from databricks_langchain import ChatDatabricks
    return ChatDatabricks(endpoint="databricks-claude-sonnet-4").invoke(text)


TOOLS = [ask]
"""
LINE_OF_USE = 4  # of the agent that begins with it
DECLARED = """\
api_version: "1"
databricks:
  serving_endpoint:
    - name: databricks-claude-sonnet-4
"""
# A stand-in for Databricks' documentation: one endpoint by the system, an index by the user.
OBO_AGENT = """
from uuid import uuid4

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse

LLM_ENDPOINT_NAME = "databricks-claude-sonnet-4"


class UserScopedAgent(ResponsesAgent):
    def search(self, text):
        from databricks.sdk import WorkspaceClient
        from databricks_ai_bridge import ModelServingUserCredentials
        from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool

        user_client = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
        tool = VectorSearchRetrieverTool(
            index_name="prod.agents.docs", workspace_client=user_client
        )
        return ChatDatabricks(endpoint=LLM_ENDPOINT_NAME).bind_tools([tool]).invoke(text)

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        text = request.input[-1].content
        text = text if "ello" in text else self.search(text)
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, str(uuid4()))])


mlflow.models.set_model(UserScopedAgent())
"""
SCOPES = """\
user_auth_policy:
  api_scopes:
    - model-serving
    - vector-search
"""
EXAMPLE = '{"input": [{"role": "user", "content": "Hello"}]}'


@pytest.fixture
def databricks(tmp_path: Path) -> Iterator[Workspace]:
    folder = tmp_path / "databricks"
    folder.mkdir()
    with Workspace(folder) as workspace:
        yield workspace
        assert workspace.violations == []


def test_problems_of_the_file_are_annotations_on_their_lines(checkout: Checkout) -> None:
    checkout.write(
        "resources.yml",
        'api_version: "1"\ndatabricks:\n  tables: []\n  function:\n    - name: b.c\n',
    )

    step = checkout.run()

    assert step.status == 1
    kinds, function = step.commands("error")
    file = f"file={checkout.name}/resources.yml"
    assert f"::error {file},line=3,col=3::" in kinds
    assert "Did you mean `table`?" in kinds
    assert f"::error {file},line=5,col=13::" in function
    assert checkout.versions() == []


def test_variables_of_the_step_are_filled_in_and_its_secrets_are_not(checkout: Checkout) -> None:
    checkout.write("resources.yml", DECLARED.replace("databricks-claude-sonnet-4", "${LLM}"))
    secret = {"DATABRICKS_CLIENT_SECRET": "dose-of-secrets-1"}

    step = checkout.run(env={"LLM": "claude", **secret})

    assert step.status == 0
    recorded = Model.load(str(checkout.model(step))).to_dict()["resources"]
    assert recorded["databricks"] == {"serving_endpoint": [{"name": "claude"}]}

    checkout.write("resources.yml", DECLARED.replace("claude", "${DATABRICKS_CLIENT_SECRET}"))
    step = checkout.run(env=secret)

    assert step.status == 1
    assert "`${DATABRICKS_CLIENT_SECRET}` is not set for the agent" in step.log
    assert secret["DATABRICKS_CLIENT_SECRET"] not in step.log


def test_what_is_used_and_not_declared_is_an_error_at_its_line(checkout: Checkout) -> None:
    step = checkout.run(USES_ENDPOINT + ECHO)

    assert step.status == 1
    (error,) = step.commands("error")
    place = f"file={checkout.name}/agent.py,line={LINE_OF_USE + 1},col=12"
    assert error.startswith(f"::error {place}::")
    assert "the serving endpoint `databricks-claude-sonnet-4`, which is not declared" in error
    pasted = error.partition(f"Make `{checkout.name}/resources.yml`:%0A%0A")[2].replace("%0A", "\n")
    assert "databricks" in pasted
    assert "Build" not in step.log
    assert "| `databricks-claude-sonnet-4` | serving endpoint | the agent |  | ✓ |" in step.summary

    # What is shown is what is to be done.
    checkout.write("resources.yml", pasted)
    assert checkout.run(USES_ENDPOINT + ECHO).status == 0


def test_a_use_in_a_code_path_is_told_in_that_file(checkout: Checkout) -> None:
    config = checkout.write("config.yml", "index: prod.agents.docs\n")
    paths = checkout.write(
        "search.py",
        "from databricks_langchain import VectorSearchRetrieverTool\n"
        "from mlflow.models import ModelConfig\n\n\n"
        "def tool():\n"
        '    return VectorSearchRetrieverTool(index_name=ModelConfig().get("index"))\n',
    )
    agent = ECHO.replace(
        "import mlflow\n",
        "import mlflow\n\ndef find():\n    import search\n    search.tool()\n\nTOOLS = [find]\n",
        1,
    )

    step = checkout.run(agent, code_paths=paths, model_config=config)

    (error,) = step.commands("error")
    assert f"file={checkout.name}/search.py,line=6," in error
    assert "the vector search index `prod.agents.docs`, which is not declared" in error


@pytest.mark.parametrize(("level", "warned"), [("warn", 1), ("off", 0)])
def test_a_job_can_go_on_without_a_declaration(checkout: Checkout, level: str, warned: int) -> None:
    step = checkout.run(USES_ENDPOINT + ECHO, check_resources=level)

    assert step.status == 0
    assert len(step.commands("warning")) == warned
    assert len(checkout.versions()) == 1


def test_what_was_only_declared_is_pointed_out(checkout: Checkout) -> None:
    checkout.write("resources.yml", f"{DECLARED}  table:\n    - name: prod.sales.orders\n")

    step = checkout.run(USES_ENDPOINT + ECHO)

    assert step.status == 0
    (notice,) = step.commands("notice")
    assert f"file={checkout.name}/resources.yml,line=6," in notice
    assert "the table `prod.sales.orders` is declared, and neither the code" in notice


def test_an_old_mlflow_cannot_record_new_kinds(checkout: Checkout) -> None:
    checkout.write("requirements.txt", "mlflow==2.22.5\n")
    checkout.write("resources.yml", f"{DECLARED}  app:\n    - name: shop\n")

    step = checkout.run()

    (error,) = step.commands("error")
    assert f"file={checkout.name}/resources.yml,line=6,col=7" in error
    assert "the app needs MLflow 3.1.0 or newer; the agent's requirements have 2.22.5" in error
    assert "Build" not in step.log


def test_the_documentations_example_passes_and_its_environment_lacks_one_package(
    checkout: Checkout,
) -> None:
    checkout.write("resources.yml", DECLARED + SCOPES)

    step = checkout.run(OBO_AGENT, input_example=EXAMPLE)

    assert step.status == 0
    assert step.commands("error") + step.commands("notice") == []
    (bridge,) = step.commands("warning")
    assert "the agent's environment has no `databricks-ai-bridge`" in bridge
    policy = Model.load(str(checkout.model(step))).auth_policy
    assert policy == {
        "system_auth_policy": {
            "resources": {
                "api_version": "1",
                "databricks": {"serving_endpoint": [{"name": "databricks-claude-sonnet-4"}]},
            }
        },
        "user_auth_policy": {"api_scopes": ["model-serving", "vector-search"]},
    }
    assert "| `prod.agents.docs` | vector search index | the user |  | ✓ |" in step.summary
    digest = step.outputs["digest"]

    checkout.write("resources.yml", f"{DECLARED}{SCOPES}    - sql.warehouses\n")
    step = checkout.run(OBO_AGENT, input_example=EXAMPLE)

    assert step.status == 0
    bridge, warning = step.commands("warning")
    assert "the agent's environment has no `databricks-ai-bridge`" in bridge
    assert "nothing that the agent does for the user needs `sql.warehouses`" in warning
    assert step.outputs["digest"] != digest


def test_scopes_that_are_lacking_are_an_error(checkout: Checkout) -> None:
    checkout.write("resources.yml", DECLARED)

    step = checkout.run(OBO_AGENT, input_example=EXAMPLE)

    (error,) = step.commands("error")
    assert "the user's token lacks `model-serving`, `vector-search`" in error
    assert "user_auth_policy:%0A  api_scopes:%0A    - model-serving%0A    - vector-search" in error


def test_a_client_for_the_user_is_not_made_while_the_agent_loads(checkout: Checkout) -> None:
    agent = ECHO.replace(
        "class Echo(ResponsesAgent):\n",
        """class Echo(ResponsesAgent):
    def __init__(self):
        try:
            from databricks.sdk import WorkspaceClient
            from databricks.sdk.credentials_provider import ModelServingUserCredentials
        except ImportError:
            return
        self.user = lambda: WorkspaceClient()
        if False:
            self.user = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())

""",
    )

    step = checkout.run(agent)

    assert step.status == 0
    warning, bridge = step.commands("warning")
    assert "the agent's environment has no `databricks-ai-bridge`" in bridge
    assert "is made while the agent loads" in warning
    assert f"file={checkout.name}/agent.py,line=18," in warning


def test_a_langchain_agent_cannot_have_scopes(checkout: Checkout) -> None:
    checkout.write("resources.yml", DECLARED + SCOPES)

    step = checkout.run(flavor="langchain")

    (error,) = step.commands("error")
    assert "can't be recorded with MLflow's langchain flavor" in error
    assert "class Agent(mlflow.pyfunc.ResponsesAgent)" in error


def test_resources_are_looked_up_in_the_workspace(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.resources.add("serving_endpoint", "databricks-claude-sonnet-4")
    databricks.resources.deny("table", "prod.sales.secret")
    checkout.write(
        "resources.yml",
        f"{DECLARED}  table:\n    - name: prod.sales.secret\n    - name: prod.sales.oders\n",
    )

    step = checkout.run(env=databricks.env)

    assert step.status == 1
    (error,) = step.commands("error")
    assert f"file={checkout.name}/resources.yml,line=7,col=7" in error
    assert "the workspace has no table `prod.sales.oders`" in error
    (notice,) = step.commands("notice")
    assert "whether 1 of the resources exist could not be told" in notice
    assert "1 of 3 resources found in the workspace" in step.log
    assert "| `databricks-claude-sonnet-4` | serving endpoint | the agent | ✓ |  |  | found |" in (
        step.summary
    )
    assert "| `prod.sales.oders` | table | the agent | ✓ |  |  | not found |" in step.summary
    assert databricks.writes == []
    assert "Build" not in step.log


def test_the_login_of_github_costs_one_token_for_all_look_ups(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.oauth.trust("principal")
    names = [f"endpoint-{number}" for number in range(20)]
    databricks.resources.add("serving_endpoint", *names)
    checkout.write(
        "resources.yml",
        'api_version: "1"\ndatabricks:\n  serving_endpoint:\n'
        + "".join(f"    - name: {name}\n" for name in names),
    )

    step = checkout.run(env=databricks.github_oidc("principal"), mode="preview")

    assert step.status == 0, step.log
    assert "20 of 20 resources found in the workspace" in step.log
    paths = [call.path for call in databricks.calls]
    assert paths.count("/oidc/v1/token") == 1
    assert sum("/serving-endpoints/endpoint-" in path for path in paths) == 20


def test_a_workspace_that_does_not_answer_is_no_reason_to_fail(
    checkout: Checkout, databricks: Workspace
) -> None:
    checkout.write("resources.yml", DECLARED)
    databricks.resources.add("serving_endpoint", "databricks-claude-sonnet-4")
    databricks.faults.add(Fault(path="/api/2.0/serving-endpoints/", reset="before", times=500))

    step = checkout.run(env=databricks.env)

    assert step.status == 0
    assert "| serving endpoint | the agent | ✓ |  |  | unreachable |" in step.summary


@pytest.mark.parametrize("env", [{}, {"DATABRICKS_HOST": "https://example.cloud.databricks.com"}])
def test_without_credentials_nothing_is_looked_up_and_that_is_said(
    checkout: Checkout, env: dict[str, str]
) -> None:
    checkout.write("resources.yml", DECLARED)

    step = checkout.run(event=PULL_REQUEST, env=env)

    assert step.status == 0
    assert "Whether they exist was not looked up: " in step.summary


def test_what_was_observed_and_is_not_declared_is_an_error(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.resources.add("serving_endpoint", "from-the-environment")
    agent = ECHO.replace(
        "        text = request.input[-1].content\n",
        """        import os
        from databricks.sdk import WorkspaceClient

        WorkspaceClient().serving_endpoints.query(name=os.environ["LLM"].lower(), inputs=["a"])
        text = "answer"
""",
    )

    step = checkout.run(agent, env={**databricks.env, "LLM": "from-the-environment"})

    assert step.status == 1
    (error,) = step.commands("error")
    assert "while it answered the example, the agent used (`POST /serving-endpoints/" in error
    assert "the serving endpoint `from-the-environment`, which is not declared" in error
    assert f"file={checkout.name}/agent.py,line=14," in error
    assert checkout.versions() == []


def test_what_mlflow_infers_from_langchain_counts_as_used(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.resources.add("serving_endpoint", "hidden-endpoint")
    checkout.write(
        "requirements.txt", "mlflow==3.17.2\ndatabricks-langchain==0.22.0\nlangchain>=1\nmcp<2\n"
    )
    agent = """
import importlib
import os

import mlflow

module = importlib.import_module("databricks_langchain")
mlflow.models.set_model(getattr(module, "ChatDatabricks")(endpoint=os.environ["LLM"]))
"""

    step = checkout.run(
        agent,
        env={**databricks.env, "LLM": "hidden-endpoint"},
        input_example='{"messages": [{"role": "user", "content": "Hello"}]}',
        flavor="langchain",
        verify="load",
        signature=checkout.write(
            "signature.yml", "inputs: [{type: string}]\noutputs: [{type: string}]\n"
        ),
    )

    assert step.status == 1
    (error,) = step.commands("error")
    assert "MLflow finds in the LangChain object the serving endpoint `hidden-endpoint`" in error


def test_what_a_genie_space_needs_is_declared_too(
    checkout: Checkout, databricks: Workspace
) -> None:
    space = "0123456789abcdef0123456789abcdef"
    declared = f'api_version: "1"\ndatabricks:\n  genie_space:\n    - name: {space}\n'
    databricks.resources.add("genie_space", space)
    databricks.resources.add("sql_warehouse", "0123456789abcdef")
    checkout.write("resources.yml", declared)

    step = checkout.run(event=PULL_REQUEST, env=databricks.env)

    assert step.status == 1
    (error,) = step.commands("error")
    assert f"file={checkout.name}/resources.yml,line=4,col=7" in error
    assert f"the Genie space `{space}` needs the SQL warehouse `0123456789abcdef`" in error
    assert "- name: 0123456789abcdef" in error

    checkout.write("resources.yml", f'{declared}  sql_warehouse:\n    - name: "0123456789abcdef"\n')
    step = checkout.run(event=PULL_REQUEST, env=databricks.env)

    assert step.status == 0
    assert "  r0 --> r1\n" in step.summary
    assert f"| SQL warehouse | the agent | `{space}` | ✓ |" in step.summary
