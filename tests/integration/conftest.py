"""A checkout in which the program is run as a step of a job."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from doubles.databricks import USER, Workspace
from doubles.runner import PUSH_TO_MAIN, Event, Runner, Step

CASES = Path(__file__).parents[1] / "cases"
PRINCIPAL = "11111111-2222-4333-8444-555555555555"
"""A service principal that may do in the workspace what the user may."""

_LONGEST_NAME = 52
# Inputs of a case whose value is a path, or a line with one.
_PATHS = ("agent-path", "input-example", "code-paths", "artifacts", "signature", "model-config")
REQUIREMENTS = "mlflow==3.17.2\n"

ECHO = """
from uuid import uuid4

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class Echo(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        text = request.input[-1].content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, str(uuid4()))])


mlflow.models.set_model(Echo())
"""


@dataclass
class Checkout:
    """One agent's folder in the checkout; all of them share its store and its cache."""

    runner: Runner
    name: str
    target: str = field(init=False)

    def __post_init__(self) -> None:
        self.target = f"prod.agents.{self.name}"
        self.folder.mkdir()
        self.write("requirements.txt", REQUIREMENTS)

    @property
    def folder(self) -> Path:
        return self.runner.workspace / self.name

    @property
    def client(self) -> MlflowClient:
        """A client of the embedded store."""
        store = f"sqlite:///{self.runner.workspace}/.log-agent/mlflow.db"
        # Both: what isn't said is the process's, and another test may have set that.
        return MlflowClient(store, store)

    def write(self, name: str, text: str) -> str:
        """Write a file of the agent; its path as an input gives it."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")
        return f"{self.name}/{name}"

    def run(
        self,
        agent: str = ECHO,
        given: Mapping[str, str] | None = None,
        *,
        event: Event = PUSH_TO_MAIN,
        env: Mapping[str, str] | None = None,
        **inputs: str,
    ) -> Step:
        """Write the agent and run the step; inputs by name, `_` for `-`, "" for "not given"."""
        self.runner.event = event
        return self.runner.run(self.inputs(agent, **inputs, **(given or {})), env=env)

    def case(
        self,
        case: str,
        given: Mapping[str, str] | None = None,
        *,
        event: Event = PUSH_TO_MAIN,
        env: Mapping[str, str] | None = None,
        **inputs: str,
    ) -> Step:
        """Run the step of a case in `tests/cases`, put into this folder; other inputs as in `run`.

        What was written into the folder before takes the place of the case's own files.
        """
        written = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        written.pop(self.folder / "requirements.txt", None)
        (self.folder / "requirements.txt").unlink(missing_ok=True)
        shutil.copytree(CASES / case / "repo", self.folder, dirs_exist_ok=True)
        for path, content in written.items():
            path.write_bytes(content)
        step = json.loads((CASES / case / "inputs.json").read_text(encoding="utf-8"))
        self.runner.event = event
        return self.runner.run(
            {
                **{name: self._in_folder(name, text) for name, text in step["inputs"].items()},
                "uc-target": self.target,
                "cache-dir": ".cache",
                **{name.replace("_", "-"): text for name, text in inputs.items()},
                **(given or {}),
            },
            env={**step.get("env", {}), **(env or {})},
        )

    def _in_folder(self, name: str, text: str) -> str:
        """An input of a case with its paths in this folder of the checkout."""
        if name not in _PATHS:
            return text
        return re.sub(r"^([^=\n]*=)?(?=[^=\n]+$)", rf"\g<0>{self.name}/", text, flags=re.MULTILINE)

    def inputs(self, agent: str = ECHO, **inputs: str) -> dict[str, str]:
        """Write the agent; the inputs that register it in the embedded store."""
        return {
            "agent-path": self.write("agent.py", agent),
            "uc-target": self.target,
            "tracking-uri": "embedded",
            "cache-dir": ".cache",
            **{name.replace("_", "-"): text for name, text in inputs.items()},
        }

    def versions(self) -> list[ModelVersion]:
        """What is registered under the agent's name."""
        found = self.client.search_model_versions(f"name = '{self.target}'")
        # A search of the SQL store leaves the aliases out.
        return [self.client.get_model_version(each.name, each.version) for each in found]

    def model(self, step: Step) -> Path:
        """The files of the logged model."""
        model = self.client.get_logged_model(step.outputs["logged-model-uri"].split("/")[-1])
        return Path(model.artifact_location.removeprefix("file://"))


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One checkout for the session, in which a job has made what is the same for every other.

    That are the environment of `REQUIREMENTS`, compiled, and the tables of the embedded store.
    Without them an agent that fails imports MLflow from its sources, which takes ten seconds.
    """
    workspace = tmp_path_factory.mktemp("checkout")
    runner = Runner(workspace, tmp_path_factory.mktemp("runner_temp"))
    step = Checkout(runner, "first").run()
    assert step.status == 0, step.log
    return workspace


@pytest.fixture
def checkout(workspace: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Checkout:
    """An agent's folder of its own."""
    name = re.sub(r"\W+", "_", request.node.name).strip("_").lower()
    # A long one is cut, and stays one of its own.
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    return Checkout(Runner(workspace, tmp_path / "runner_temp"), name)


@pytest.fixture
def databricks(tmp_path: Path) -> Iterator[Workspace]:
    """A Databricks workspace in which models may be registered."""
    folder = tmp_path / "databricks"
    folder.mkdir()
    with Workspace(folder) as workspace:
        workspace.catalog.create("prod.agents", USER, PRINCIPAL)
        yield workspace
        assert workspace.violations == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the tables that tests have recorded."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "table":
                terminalreporter.write_line(f"\n{value}")
