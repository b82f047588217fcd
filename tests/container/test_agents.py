"""Every agent of the examples and of the frameworks, in the image: built, loaded and asked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.runner import PULL_REQUEST
from tests.container.engine import ROOT, Engine
from tests.container.runner import Runner

pytestmark = pytest.mark.exhaustive

QUESTION = {"input": [{"role": "user", "content": "Hello?"}]}
AGENTS = sorted(
    path.parent
    for folder in ("examples", "tests/agents")
    for path in (ROOT / folder).glob("*/agent.*")
)

# An agent that keeps notes in MLflow's run store, as notebooks do, and whose stream is traced.
NOTES = """
from uuid import uuid4

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentResponse, ResponsesAgentStreamEvent

with mlflow.start_run(run_name="in the default experiment"):
    mlflow.log_param("temperature", 0.1)
mlflow.set_experiment("notes")


class Notes(ResponsesAgent):
    def predict(self, request):
        with mlflow.start_run():
            mlflow.log_metric("questions", len(request.input))
        mlflow.log_metric("asked", 1)
        mlflow.end_run()
        done = [event.item for event in self.predict_stream(request)]
        return ResponsesAgentResponse(output=done)

    @mlflow.trace
    def predict_stream(self, request):
        with mlflow.start_span("search") as span:
            span.set_inputs({"question": "Hello?"})
        item = self.create_text_output_item("noted", str(uuid4()))
        yield ResponsesAgentStreamEvent(type="response.output_item.done", item=item)


mlflow.models.set_model(Notes())
"""


@pytest.fixture(scope="module")
def job(engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """One checkout with all the agents, and one cache: those that agree share an environment."""
    runner = Runner(engine, image, tmp_path_factory.mktemp("agents"))
    files = {
        f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8")
        for agent in AGENTS
        for path in agent.iterdir()
        if path.is_file()
    }
    notes = {"notes/agent.py": NOTES, "notes/requirements.txt": "mlflow==3.17.2\n"}
    questions = {
        f"{name}/input_example.json": json.dumps(QUESTION)
        for name in ("notes", *(agent.name for agent in AGENTS))
    }
    runner.check_out({**questions, **files, **notes})
    yield runner
    runner.end()


def inputs(job: Runner, name: str) -> dict[str, str]:
    agent = next((job.workspace / name).glob("agent.*"))
    config = f"{name}/config.yml" if (agent.parent / "config.yml").exists() else ""
    return {
        "agent-path": f"{name}/{agent.name}",
        "input-example": f"{name}/input_example.json",
        "model-config": config,
        "cache-dir": ".cache",
        "mode": "preview",
    }


@pytest.mark.parametrize("agent", AGENTS, ids=lambda path: path.name)
def test_an_agent(job: Runner, agent: Path) -> None:
    step = job.run(inputs(job, agent.name), event=PULL_REQUEST)

    assert step.status == 0, step.log
    assert step.result["verification"]["answer"]
    assert "Permission denied" not in step.log


def test_an_agent_that_uses_mlflows_run_store(job: Runner) -> None:
    step = job.run(inputs(job, "notes"), event=PULL_REQUEST)

    assert step.status == 0, step.log
    assert "noted" in step.result["verification"]["answer"]
    assert step.result["verification"]["chunks"] == 1
    for said in ("Permission denied", "Failed to", "Traceback"):
        assert said not in step.log
