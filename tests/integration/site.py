"""A workspace with somebody who publishes to it, and what can be seen there afterwards."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from doubles.databricks import USER, Workspace
from entrypoint.agent.manifest import PATH, Manifest, ManifestInputs
from tests.integration.conftest import ECHO
from tests.integration.publisher import Order, Outcome, Publisher

PIN = "mlflow==3.17.2"
BUILD = (
    "import mlflow\n"
    f"mlflow.pyfunc.save_model('model', python_model='agent.py', pip_requirements=['{PIN}'])"
)
FILES = ("MLmodel", "agent.py", "conda.yaml", "python_env.yaml", "requirements.txt")
QUICK = {
    "MLFLOW_ENABLE_DB_SDK": "false",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}
# No variable says how long the SDK, which brings the files up, waits and tries: a profile does.
PROFILE = """
[timeout-{timeout}]
host = {host}
token = {token}
http_timeout_seconds = {timeout}
retry_timeout_seconds = {retries}
"""


@dataclass(frozen=True)
class State:
    """What a workspace holds of one model: ids with their states."""

    versions: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> list[str]:
        return [version for version, status in self.versions.items() if status == "READY"]

    @property
    def half_made(self) -> list[str]:
        """All that a job has begun and neither finished nor given up."""
        return [
            *(version for version, status in self.versions.items() if status != "READY"),
            *(run for run, status in self.runs.items() if status == "RUNNING"),
            *(model for model, status in self.models.items() if "PENDING" in status),
        ]

    @property
    def is_complete(self) -> bool:
        """Whether there is one version, with the alias `champion`, and nothing half made."""
        return (
            list(self.versions.values()) == ["READY"]
            and self.aliases == {"champion": self.ready[0]}
            and not self.half_made
        )

    def problem(self, order: Order, outcome: Outcome) -> str:
        """What is not as it must be after a job that went well."""
        if len(self.ready) != 1:
            return f"not one version: {self.versions}"
        if self.half_made:
            return f"half made: {self.half_made}"
        if self.aliases.get(order.alias) != self.ready[0]:
            return f"aliases: {self.aliases}"
        if outcome.published["model_version"] != self.ready[0]:
            return f"told: {outcome.published}"
        return ""


class View:
    """A workspace as somebody sees it who looks and waits."""

    digest = "0" * 64

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def wait_for(self, path: str, number: int = 1) -> None:
        """Wait until so many requests of a path have come in."""
        self._until(lambda: sum(path in call.path for call in self.workspace.calls) >= number)

    def wait_for_request(self, number: int) -> None:
        """Wait until so many requests have come in."""
        self.wait_for("", number)

    def wait_for_answer(self, number: int) -> None:
        """Wait until a request has been acted upon, though nobody may wait for its answer."""
        self._until(lambda: any(call.status for call in self.workspace.calls[number - 1 : number]))

    def state(self, name: str) -> State:
        """What there is of a model and its experiment."""
        full_name = f"prod.agents.{name}"
        found = self.ask("GET", "experiments/get-by-name", experiment_name=f"/Shared/{name}")
        runs, models = [], []
        if found:  # what is promoted has none
            place = {"experiment_ids": [found["experiment"]["experiment_id"]]}
            runs = self.ask("POST", "runs/search", **place).get("runs", [])
            models = self.ask("POST", "logged-models/search", **place).get("models", [])
        model = self.ask("GET", "unity-catalog/registered-models/get", name=full_name)
        versions = self.ask(
            "GET", "unity-catalog/model-versions/search", filter=f"name = '{full_name}'"
        ).get("model_versions", [])
        aliases = model.get("registered_model", {}).get("aliases", [])
        return State(
            {each["version"]: each["status"] for each in versions},
            {each["alias"]: each["version"] for each in aliases},
            {each["info"]["run_id"]: each["info"]["status"] for each in runs},
            {each["info"]["model_id"]: each["info"]["status"] for each in models},
        )

    def leave(
        self,
        name: str,
        *,
        workflow_run: str,
        digest: str = "",
        age: float = 60.0,
        status: str = "RUNNING",
    ) -> str:
        """Leave what a job leaves that died, or lives, while it brought a version's files up."""
        order = Order("", name, workflow_run=workflow_run)
        run, place = self.leave_run(order, digest=digest, age=age)
        model = self.ask("POST", "logged-models", name=name, source_run_id=run, **place)
        model_id = model["model"]["info"]["model_id"]
        self.ask("POST", "unity-catalog/registered-models/create", name=order.full_name)
        self.leave_version(order.full_name, f"models:/{model_id}", run, model_id, {})
        self.ask("POST", "runs/update", run_id=run, status=status)
        return run

    def leave_run(
        self, order: Order, *, digest: str = "", age: float = 60.0
    ) -> tuple[str, dict[str, Any]]:
        """Leave the run that a job begins with: its id, and its experiment and tags."""
        self.ask("POST", "experiments/create", name=f"/Shared/{order.name}")
        found = self.ask("GET", "experiments/get-by-name", experiment_name=f"/Shared/{order.name}")
        tags = {
            "log_agent_digest": digest or self.digest,
            "log_agent_target": order.full_name,
            **order.job_tags,
        }
        place = {
            "experiment_id": found["experiment"]["experiment_id"],
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }
        began = int((time.time() - age) * 1000)
        run = self.ask("POST", "runs/create", start_time=began, **place)
        return str(run["run"]["info"]["run_id"]), place

    def leave_version(
        self, name: str, source: str, run: str, model: str, tags: Mapping[str, str]
    ) -> None:
        """Leave a version whose files never came."""
        created = self.ask(
            "POST",
            "unity-catalog/model-versions/create",
            name=name,
            source=source,
            run_id=run,
            model_id=model,
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )
        assert created["model_version"]["status"] == "PENDING_REGISTRATION"

    def ask(self, verb: str, path: str, **fields: Any) -> dict[str, Any]:
        """Ask the workspace something, or tell it; empty when it isn't there."""
        answer = requests.request(
            verb,
            f"{self.workspace.host}/api/2.0/mlflow/{path}",
            params=fields if verb == "GET" else None,
            json=None if verb == "GET" else fields,
            headers={"Authorization": f"Bearer {self.workspace.token}"},
            timeout=600,
        )
        return dict(answer.json()) if answer.status_code == requests.codes.ok else {}

    def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            time.sleep(0.005)


class Site(View):
    """One workspace, its publisher, and the built model that is published."""

    def __init__(self, workspace: Workspace, environ: dict[str, str], model: Path) -> None:
        super().__init__(workspace)
        self.environ = environ
        self.publisher = Publisher(environ)
        self.digest = Manifest.read(model / PATH).digest
        self._model = model

    def order(self, name: str, **more: Any) -> Order:
        return Order(str(self._model), name, **more)

    def requests_of(self, order: Order) -> list[str]:
        """What a job asks that nothing goes wrong with."""
        before = len(self.workspace.calls)
        outcome = self.publisher.run(order)
        assert not outcome.failure, outcome
        return [f"{call.verb} {call.path}" for call in self.workspace.calls[before:]]


def build(folder: Path) -> Path:
    """Build a model, with its manifest in it and few files besides: one request is like another."""
    agent = folder / "agent.py"
    agent.write_text(ECHO, encoding="utf-8")
    subprocess.run([sys.executable, "-W", "ignore", "-c", BUILD], cwd=folder, check=True)
    for file in (folder / "model").iterdir():
        if file.name not in FILES:
            file.unlink()
    mlmodel = folder / "model/MLmodel"
    mlmodel.write_text(mlmodel.read_text().replace(str(agent), agent.name))
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    ingredients = ManifestInputs({"agent.py": agent}, "auto", python, [PIN])
    Manifest.of(ingredients).write(folder / "model")
    return folder / "model"


@contextmanager
def workspaces(folder: Path, number: int, *principals: str) -> Iterator[list[Workspace]]:
    """Workspaces that are alike: what waits at one of them doesn't keep the others waiting."""
    with Workspace(folder / "first") as first:
        # MLflow's tables are made once.
        requests.get(
            f"{first.host}/api/2.0/mlflow/experiments/search",
            {"max_results": 1},
            headers={"Authorization": f"Bearer {first.token}"},
            timeout=600,
        ).raise_for_status()
    with ExitStack() as stack:
        made = []
        for name in map(str, range(number)):
            shutil.copytree(folder / "first", folder / name)
            workspace = stack.enter_context(Workspace(folder / name))
            workspace.catalog.create("prod.agents", USER, *principals)
            made.append(workspace)
        yield made
        for workspace in made:
            assert workspace.violations == []


@contextmanager
def sites(folder: Path, number: int) -> Iterator[list[Site]]:
    """Sites that are alike."""
    (folder / "built").mkdir()
    model = build(folder / "built")
    with workspaces(folder, number) as found, ExitStack() as stack:
        made = []
        for name, workspace in enumerate(found):
            profile = folder / f"{name}.databrickscfg"
            login = {"host": workspace.host, "token": workspace.token}
            texts = (
                PROFILE.format(**login, timeout=timeout, retries=4 * timeout)
                for timeout in (1, Order.timeout)
            )
            profile.write_text("".join(texts))
            environ = {
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "DATABRICKS_CONFIG_FILE": str(profile),
                "DATABRICKS_CONFIG_PROFILE": f"timeout-{Order.timeout}",
                **QUICK,
                **workspace.env,
            }
            site = Site(workspace, environ, model)
            stack.enter_context(site.publisher)
            made.append(site)
        yield made
