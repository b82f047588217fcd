"""Building and verifying: the control process's side of the worker."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from entrypoint.agent import build_errors, unshipped_files
from entrypoint.agent.agent_error import AgentError, Checkout
from entrypoint.agent.build_fixes import Fixes
from entrypoint.agent.build_spec import BuildSpec
from entrypoint.agent.environment.lock import Lock
from entrypoint.agent.sandbox import private_copy
from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.agent.sandbox.variables import with_home
from entrypoint.agent.unshipped_files import FileRead, FileReads
from entrypoint.agent.worker_client import WorkerProcess
from entrypoint.resources.observed import Requests
from entrypoint.resources.variables import ObservedRead, ObservedReads
from entrypoint.runtime.errors import AgentFailure, Problem

# The folder in the process's own in which it makes the model.
_MODEL = "model"

Prompts = Annotated[tuple[Annotated[str, Field(max_length=1000)], ...], Field(max_length=300)]

Verdict = TypeVar("Verdict", "Build", "Verification")


@dataclass(frozen=True)
class Build:
    """What MLflow made of the agent: flavor, versions and the resources that it found."""

    flavor: str
    mlflow_version: str
    python_version: str
    inferred: tuple[tuple[str, str], ...] = ()
    """Kind and name of the resources that MLflow finds in a LangChain object."""
    answered: bool = False
    """Whether MLflow asked the agent, and got an answer."""
    requests: Requests = ()
    prompts: Prompts = ()
    """The URIs of the prompts that the agent loaded, each with its version."""


@dataclass(frozen=True)
class Verification:
    """What the built agent did in a clean process.

    Times are in seconds, `answer` is JSON text, `no_credentials` is the error of an agent that
    could not be asked without a login, and `requests` has each request to Databricks once.
    """

    load_seconds: float
    predict_seconds: float | None = None
    answer: str | None = None
    chunks: int | None = None
    stream_seconds: float | None = None
    no_credentials: str | None = None
    requests: Requests = ()
    prompts: Prompts = ()


class NeedsLogin(AgentFailure):
    """The agent can't be built without a login at Databricks, and the job has none.

    `was_loaded`: it was, and its signature is inferred from an answer that needs the login.
    """

    def __init__(self, problem: Problem, *, was_loaded: bool) -> None:
        super().__init__(problem)
        self.was_loaded = was_loaded


_FILE_READS = TypeAdapter(FileReads)
_NAMES = TypeAdapter(list[str])
_READS = TypeAdapter(ObservedReads)


class Worker:
    """Builds and verifies one agent in a process of its own.

    `login`: the variables with which the agent is logged in at Databricks, if it is. `registry`:
    the URI of the one in which it reads. `fixes` are made for what fails.
    """

    def __init__(
        self,
        process: WorkerProcess,
        sandbox: Sandbox,
        spec: BuildSpec,
        lock: Lock,
        login: Mapping[str, str],
        *,
        registry: str,
        fixes: Callable[[Checkout], Fixes],
    ) -> None:
        self._process = process
        self._sandbox = sandbox
        self._spec = spec
        self._login = login
        self._registry = registry
        self._fixes = fixes
        self._answered = False
        self.model = sandbox.folder / "model"
        """The model directory, in MLflow's format, once it is built; the agent can't write it."""
        self.compiled: list[str] = []
        """Source files of the environment that had no bytecode when they were imported."""
        self._file_reads: list[FileRead] = []
        self.variables: list[ObservedRead] = []
        """What was read of the environment's variables."""
        process.give(self._job(lock))

    def build(self) -> Build:
        """Write the model directory, and copy it to where the agent can't write.

        Raises:
            AgentFailure: the agent couldn't be built, and why.
            NeedsLogin: for want of a login.
            TimedOut: the deadline passed.

        """
        verdict = self._run("build", {})
        if not verdict.pop("has_signature", True):
            raise AgentFailure(build_errors.no_signature(self._spec))
        if not verdict.pop("has_given_signature", True):
            raise AgentFailure(build_errors.other_signature(self._spec))
        private_copy.make(self._process.folder, _MODEL, self.model, self._sandbox.deadline)
        built = self._validated(Build, verdict)
        self._answered = built.answered
        return built

    def verify(self) -> Verification:
        """Load the model directory in a clean process, and call the agent with the example.

        Raises:
            AgentFailure: it couldn't be loaded or didn't answer, and why.
            NeedsLogin: for want of a login.
            TimedOut: the deadline passed.

        """
        # What the build left in a cache would answer in the place of a server.
        folders = with_home({}, self._sandbox.share("verify"))
        return self._validated(Verification, self._run("verify", folders))

    def unshipped(self) -> Iterator[Problem]:
        """What the agent read while it was built, and can't read where the model is loaded."""
        checkout = Checkout(self._spec, (self._process.folder / _MODEL,))
        for read in self._file_reads:
            place = checkout.place(read.file, read.line)
            yield from unshipped_files.problem(Path(read.path), place, self._spec)

    def _job(self, lock: Lock) -> dict[str, Any]:
        """What the worker reads; see `worker/build.py` and `worker/verify.py`."""
        spec, folder = self._spec, self._process.folder
        code_paths = spec.code_paths
        agent_folders = (spec.workspace.root, spec.code.parent, code_paths.folder)
        return {
            "agent": str(spec.code),
            "agent_folders": [f"{each}{os.sep}" for each in (*agent_folders, folder, self.model)],
            "artifacts": {name: _artifact(place, spec) for name, place in spec.artifacts},
            "artifacts_folder": str(folder / "artifacts"),
            "downloaded": {},
            "checkout": f"{spec.workspace.root}{os.sep}",
            "code": str(code_paths.folder),
            "code_paths": [str(entry) for entry in code_paths.entries],
            "empty_folder": str(folder / "empty"),
            "flavor": spec.flavor,
            "import_paths": [str(spec.agent.parent), str(spec.workspace.root)],
            "input_example": spec.input_example,
            "logged_in": bool(self._login),
            "model": str(folder / _MODEL),
            "private_copy": str(self.model),
            "model_config": str(spec.model_config) if spec.model_config else None,
            "requirements": lock.lines,
            "authorization": spec.authorization,
            "signature": spec.signature,
            "verify": spec.verify,
            "working_folder": str(spec.agent.parent),
        }

    def _run(self, stage: str, folders: Mapping[str, str]) -> dict[str, Any]:
        """Let the process do one stage; its verdict, which is not validated yet."""
        registry = {"MLFLOW_REGISTRY_URI": self._registry}
        reply = self._process.do(stage, {**self._login, **registry, **folders})
        try:
            verdict = json.loads(self._process.verdict)
        except (ValueError, RecursionError):
            verdict = None
        if not isinstance(verdict, dict):
            raise AgentFailure(build_errors.no_verdict(stage, reply, self._process))
        if "error" in verdict:
            raise self._failure(stage, verdict["error"])
        return verdict

    def _failure(self, stage: str, content: Any) -> AgentFailure:
        try:
            error = TypeAdapter(AgentError).validate_python(content)
        except ValidationError as invalid:
            return AgentFailure(_unreadable(invalid))
        checkout = Checkout(self._spec, (self.model, self._process.folder / _MODEL))
        fixes = self._fixes(checkout)
        problem = build_errors.problem(stage, error, checkout, fixes, answered=self._answered)
        if error.needs_login and not self._login:
            return NeedsLogin(problem, was_loaded=error.step not in ("load", "example"))
        return AgentFailure(problem)

    def _validated(self, kind: type[Verdict], verdict: dict[str, Any]) -> Verdict:
        """The verdict in its type; the process that wrote it ran the agent's code too."""
        try:
            self.variables += _READS.validate_python(verdict.pop("variables", ()))
            self._file_reads += _FILE_READS.validate_python(verdict.pop("files", ()))
            self.compiled += _NAMES.validate_python(verdict.pop("compiled", []))
            return TypeAdapter(kind).validate_python(verdict)
        except ValidationError as error:
            raise AgentFailure(_unreadable(error)) from error


def _unreadable(error: ValidationError) -> Problem:
    return Problem("The agent's process gave a verdict that can't be read.", detail=str(error))


def _artifact(place: Path | str, spec: BuildSpec) -> dict[str, Any]:
    if isinstance(place, str):
        return {"uri": True, "given": place}
    return {"uri": False, "given": spec.workspace.relative(place), "path": str(place)}
