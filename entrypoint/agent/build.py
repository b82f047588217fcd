"""Building and verifying: the control process's side of the worker."""

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from entrypoint.agent.code_paths import CodePaths, suggestion
from entrypoint.agent.environment.lock import Lock
from entrypoint.agent.sandbox import private_copy
from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.agent.worker_client import WorkerProcess
from entrypoint.inputs.workspace import Workspace
from entrypoint.resources.observed import Requests
from entrypoint.runtime.errors import AgentFailure, Place, Problem

# The status of a stage's process that can't say how it went: `NO_VERDICT` in `worker`.
_NO_VERDICT = os.EX_SOFTWARE
# What the process makes in its folder.
_MODEL = "model"

Judged = TypeVar("Judged", "Build", "Verification")


@dataclass(frozen=True)
class BuildSpec:
    """What is to be built: `code` is the file that MLflow runs and logs, `source` its story."""

    agent: Path
    code: Path
    source: AgentSource
    workspace: Workspace
    flavor: str
    model_config: Path | None
    input_example: Any
    signature: dict[str, str] | None
    authorization: dict[str, Any]
    code_paths: CodePaths
    artifacts: tuple[tuple[str, Path | str], ...]
    verify: str

    def place(self, name: Path, line: int | None) -> Place | None:
        """The place in the checkout of a file of the model, `name` being relative to it."""
        if name == Path(self.code.name):
            return self.source.place(line)
        if name.parts[:1] != ("code",):
            return None
        origin = self.code_paths.origin(Path(*name.parts[1:]))
        return Place(self.workspace.relative(origin), line) if origin else None

    @property
    def shown(self) -> str:
        """The agent's file as the user would write it."""
        return self.source.shown


@dataclass(frozen=True)
class Build:
    """How the model directory came about."""

    flavor: str
    mlflow_version: str
    python_version: str
    inferred: tuple[tuple[str, str], ...] = ()
    """Kind and name of the resources that MLflow finds in a LangChain object."""


@dataclass(frozen=True)
class Verification:
    """What the built agent did in a clean process.

    Seconds, the answer as JSON text, and each request to Databricks once.
    """

    load_seconds: float
    predict_seconds: float | None = None
    answer: str | None = None
    chunks: int | None = None
    stream_seconds: float | None = None
    no_credentials: str | None = None
    requests: Requests = ()


_NAMES = TypeAdapter(list[str])


class Worker:
    """Builds and verifies one order in a process of its own.

    `login`: the variables with which the agent is logged in at Databricks, if it is.
    """

    def __init__(
        self,
        process: WorkerProcess,
        sandbox: Sandbox,
        order: BuildSpec,
        lock: Lock,
        login: Mapping[str, str],
    ) -> None:
        self._process = process
        self._order = order
        self._login = login
        self._deadline = sandbox.deadline
        self.model = sandbox.folder / "model"
        """The model directory, in MLflow's format, once it is built: ours alone."""
        self.compiled: list[str] = []
        """Source files of the environment that had no bytecode when they were imported."""
        process.give(self._job(process.folder, lock))

    def build(self) -> Build:
        """Write the model directory, and make it ours alone.

        Raises:
            AgentFailure: the agent couldn't be built, and why.
            TimedOut: the deadline passed.

        """
        verdict = self._stage("build")
        if not verdict.pop("has_signature", True):
            raise AgentFailure(_no_signature(self._order.shown))
        private_copy.make(self._process.folder, _MODEL, self.model, self._deadline)
        return self._judged(Build, verdict)

    def verify(self) -> Verification:
        """Load the model directory in a clean process, and ask it the example.

        Raises:
            AgentFailure: it couldn't be loaded or didn't answer, and why.
            TimedOut: the deadline passed.

        """
        return self._judged(Verification, self._stage("verify"))

    def _job(self, folder: Path, lock: Lock) -> dict[str, Any]:
        order, code = self._order, self._order.code_paths
        return {
            "agent": str(order.code),
            "agent_folders": [
                f"{place}{os.sep}"
                for place in (
                    *(order.workspace.root, order.code.parent, code.folder),
                    *(folder, self.model),
                )
            ],
            "artifacts": {
                name: {"uri": True, "given": place}
                if isinstance(place, str)
                else {"uri": False, "given": order.workspace.relative(place), "path": str(place)}
                for name, place in order.artifacts
            },
            "artifacts_folder": str(folder / "artifacts"),
            "downloaded": {},
            "code": str(code.folder),
            "code_paths": [str(entry) for entry in code.entries],
            "empty_folder": str(folder / "empty"),
            "flavor": order.flavor,
            "import_paths": [str(order.agent.parent), str(order.workspace.root)],
            "input_example": order.input_example,
            "logged_in": bool(self._login),
            "model": str(folder / _MODEL),
            "private_copy": str(self.model),
            "model_config": str(order.model_config) if order.model_config else None,
            "requirements": lock.lines,
            "authorization": order.authorization,
            "signature": order.signature,
            "verify": order.verify,
            "working_folder": str(order.agent.parent),
        }

    def _judged(self, kind: type[Judged], verdict: dict[str, Any]) -> Judged:
        """The verdict as it should be; the process that wrote it ran the agent's code too."""
        try:
            self.compiled += _NAMES.validate_python(verdict.pop("compiled", []))
            judged = TypeAdapter(kind).validate_python(verdict)
        except ValidationError as error:
            raise AgentFailure(
                Problem("The agent's process gave a verdict that can't be read.", detail=str(error))
            ) from error
        return judged

    def _stage(self, stage: str) -> dict[str, Any]:
        reply = self._process.do(stage, self._login)
        try:
            content = json.loads(self._process.verdict)
        except (ValueError, RecursionError):
            raise AgentFailure(_silent(stage, reply, self._process)) from None
        if not isinstance(content, dict):
            raise AgentFailure(_silent(stage, reply, self._process))
        if "error" in content:
            raise AgentFailure(self._problem(stage, content["error"]))
        return content

    def _problem(self, stage: str, error: dict[str, Any]) -> Problem:
        order = self._order
        shown = order.shown
        if error.get("no_model_set"):
            return Problem(
                f"`agent-path`: `{shown}` does not call `mlflow.models.set_model(...)`, so MLflow"
                " does not know which object is the agent.",
                "Add it at the end of the file:\n\n    mlflow.models.set_model(agent)",
                Place(shown),
            )
        line = (
            error["line"] if error["file"] and Path(error["file"]).name == order.code.name else None
        )
        what = {
            "build": f"`agent-path`: {order.source.where(line)} fails while it is built",
            "verify": "verify: the agent fails in a clean process, without the checkout",
        }[stage]
        first_line = (error["message"].splitlines() or [""])[0]
        return Problem(
            f"{what}: {error['type']}: {first_line}",
            _advice(error, order),
            self._place(error),
            order.source.retold(error["traceback"], order.code, self.model / order.code.name),
        )

    def _place(self, error: dict[str, Any]) -> Place | None:
        """The error's place in the checkout: what is built and what is loaded are copies of it."""
        if not error["file"]:
            return None
        path, line, order = Path(error["file"]), error["line"], self._order
        if path == order.code:
            return order.source.place(line)
        for model in (self.model, self._process.folder / _MODEL):
            if path.is_relative_to(model):
                return order.place(path.relative_to(model), line)
        if path.is_relative_to(order.code_paths.folder):
            return order.place("code" / path.relative_to(order.code_paths.folder), line)
        if order.workspace.holds(path):
            return Place(order.workspace.relative(path), line)
        return None


def _no_signature(shown: str) -> Problem:
    return Problem(
        f"`agent-path`: the model of `{shown}` has no output signature; Unity Catalog refuses such"
        " models.",
        "Do one of these:\n"
        "- make the agent a ResponsesAgent or a ChatAgent: their signature is known;\n"
        "- give an example from which it is inferred (the agent is called with it, and must"
        " answer):\n\n    with:\n      input-example: agents/support/input_example.json\n\n"
        "- give `predict` type hints from which MLflow reads it.",
    )


def _silent(stage: str, reply: bytes, process: WorkerProcess) -> Problem:
    """The stage's process ended without a verdict."""
    status = os.waitstatus_to_exitcode(json.loads(reply)["status"]) if reply else process.status
    doing = {"build": "built", "verify": "verified"}[stage]
    if not reply:
        what = f"The process in which the agent is {doing} did not start or was ended"
    else:
        what = f"The agent ended its process while it was {doing}"
    if status < 0:
        name = signal.Signals(-status).name
        why = f"by signal {name}"
        fix = "SIGKILL mostly means that the runner is out of memory." if name == "SIGKILL" else ""
    else:
        why = f"with exit status {status}"
        fix = "Take calls such as `os._exit()` out of the agent." if reply else ""
    if reply and status == _NO_VERDICT:
        what, fix = f"How the agent is {doing} can't be told: its process failed", ""
    return Problem(f"{what}, {why}.", fix, detail=process.printed[-2000:])


def _advice(error: dict[str, Any], order: BuildSpec) -> str:
    shown = order.shown
    module = (error["module"] or "").partition(".")[0]
    if module and (path := suggestion(module, order.agent, order.workspace)):
        return (
            f"`{module}` is in the checkout, but not in the model. Ship it with the agent:\n\n"
            f"    with:\n      code-paths: |\n        {path}"
        )
    if module:
        return (
            f"`{module}` is not in the agent's environment. Add the package that provides it to the"
            " requirements."
        )
    # MLflow's words: with models from code, `development_config` is not used.
    if error["message"].startswith("Config file is not provided"):
        return (
            "The agent reads a `ModelConfig`, and what is logged has only the one given here:\n\n"
            f"    with:\n      model-config: {Path(shown).with_name('config.yml')}"
        )
    if error["type"] == "SystemExit":
        return f"Take the call that ends the process (`sys.exit()`, `exit()`) out of `{shown}`."
    return ""
