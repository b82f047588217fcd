"""Agents of the frameworks that people use, with the real libraries, and of MLflow's versions."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.integration.conftest import ECHO, Checkout
from tests.integration.test_bad_input import PLAIN

pytestmark = pytest.mark.exhaustive

AGENTS = Path(__file__).parents[1] / "agents"
QUESTION = '{"input": [{"role": "user", "content": "Hello?"}]}'


@pytest.mark.parametrize(
    ("framework", "answer"),
    [
        ("dspy", "dspy has spoken"),
        ("openai_agents", "the SDK has spoken"),
        ("crewai", "the crew has spoken"),
    ],
)
def test_an_agent_of_a_framework(checkout: Checkout, framework: str, answer: str) -> None:
    shutil.copytree(AGENTS / framework, checkout.folder, dirs_exist_ok=True)

    step = checkout.run((AGENTS / framework / "agent.py").read_text(), input_example=QUESTION)

    assert step.status == 0, step.log
    assert step.result["build"]["flavor"] == "pyfunc"
    assert answer in step.result["verification"]["answer"]
    assert (checkout.model(step) / "MLmodel").is_file()


@pytest.mark.parametrize("version", ["2.13.1", "2.22.5", "3.0.1", "3.17.2"])
def test_an_agent_on_another_mlflow(checkout: Checkout, version: str) -> None:
    checkout.write("requirements.txt", f"mlflow=={version}\n")
    checkout.write("helpers.py", "ANSWER = 'from the helper'\n")
    checkout.write("fact.txt", "and a fact")
    agent = "from helpers import ANSWER\n" + PLAIN.format(predict="[ANSWER + self.fact]").replace(
        "    def predict",
        "    def load_context(self, context):\n"
        "        self.fact = open(context.artifacts['fact']).read()\n\n    def predict",
    )

    step = checkout.run(
        agent,
        input_example='["question"]',
        code_paths=f"{checkout.name}/helpers.py",
        artifacts=f"fact={checkout.name}/fact.txt",
        resources_file=checkout.write(
            "resources.yml",
            'api_version: "1"\ndatabricks:\n  serving_endpoint:\n  - name: an-endpoint\n',
        ),
    )

    assert step.status == 0, step.log
    assert step.result["build"]["mlflow_version"] == version
    assert "from the helperand a fact" in step.result["verification"]["answer"]
    files = checkout.model(step)
    model = yaml.safe_load((files / "MLmodel").read_text())
    assert model["mlflow_version"] == version
    assert model["resources"]["databricks"]["serving_endpoint"] == [{"name": "an-endpoint"}]
    assert f"mlflow=={version}" in (files / "requirements.txt").read_text().splitlines()
    assert str(checkout.runner.workspace) not in (files / "MLmodel").read_text().replace(
        model["artifact_path"], ""
    )


def test_mlflow_skinny_is_completed(checkout: Checkout) -> None:
    checkout.write("requirements.txt", "mlflow-skinny==3.17.2\n")

    step = checkout.run(ECHO, mode="preview")

    assert step.status == 0, step.log
    (notice,) = step.commands("notice")
    assert "`pandas` is added" in notice


def test_chat_agents_of_the_last_mlflow_2(checkout: Checkout) -> None:
    checkout.write("requirements.txt", "mlflow==2.22.5\n")
    agent = """
import mlflow
from mlflow.pyfunc import ChatAgent
from mlflow.types.agent import ChatAgentMessage, ChatAgentResponse


class Chat(ChatAgent):
    def predict(self, messages, context=None, custom_inputs=None):
        message = ChatAgentMessage(role="assistant", content="hi", id="1")
        return ChatAgentResponse(messages=[message])


mlflow.models.set_model(Chat())
"""

    step = checkout.run(agent)

    assert step.status == 0, step.log
    model = yaml.safe_load((checkout.model(step) / "MLmodel").read_text())
    assert model["metadata"]["task"] == "agent/v2/chat"


def test_a_flavor_that_is_asked_for_and_does_not_fit(checkout: Checkout) -> None:
    step = checkout.run(ECHO, flavor="langchain")

    assert step.status == 1
    (error,) = step.commands("error")
    assert "langchain" in error
