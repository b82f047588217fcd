"""The story: read, build, verify, compare, publish."""

import os
from collections.abc import Iterator
from pathlib import Path

from entrypoint.agent import build
from entrypoint.agent.environment.uv_environment import Environment, Uv
from entrypoint.agent.manifest import Manifest
from entrypoint.agent.model_check import built_model
from entrypoint.agent.sandbox.closed_folders import closed_to_others
from entrypoint.agent.sandbox.sandbox import Sandbox, scratch_folder
from entrypoint.agent.worker_client import WorkerProcess
from entrypoint.databricks.auth.delegation import delegated_environ, mlflow_login
from entrypoint.databricks.auth.login import Login
from entrypoint.databricks.model_errors import Target
from entrypoint.inputs.event import Event
from entrypoint.inputs.inputs import Inputs
from entrypoint.jobs import disk_errors, release_notes, reporting
from entrypoint.jobs import plan as plans
from entrypoint.jobs.baseline_comparison import BaselineComparison
from entrypoint.jobs.comment import comment
from entrypoint.jobs.context import Job
from entrypoint.jobs.plan import Plan
from entrypoint.jobs.promote import promote
from entrypoint.jobs.publication import Publishing
from entrypoint.jobs.workspace_checks import WorkspaceChecks
from entrypoint.registry import stores
from entrypoint.report import progress
from entrypoint.report.result import Result
from entrypoint.resources import observed
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Use
from entrypoint.runtime.background import in_background
from entrypoint.runtime.deadline import PUBLISHING
from entrypoint.runtime.errors import Failure, LoginFailure, Problem, TimedOut


def run(job: Job, result: Result) -> None:
    """Take the agent from the checkout to the registry; `result` is filled in on the way.

    Raises:
        Failure: a problem that the user can act on.
        Cancelled: a signal arrived.

    """
    log = job.log
    event = Event.from_environ(job.environ)
    result.commit = event.commit
    result.skipped = event.nothing_to_do
    if result.skipped:
        log.line(f"Nothing to do: {result.skipped}.")
        return
    result.learn_texts(job.texts, event)
    if result.mode == "comment":
        comment(job, event, result)
        return
    if result.mode == "promote":
        promote(job, event, result)
        release_notes.write(result, event, job)
        return
    # Before anything of the checkout is read.
    event.check_may_build()
    inputs = Inputs.read(job.texts, job.workspace)
    result.learn_inputs(inputs, job.workspace)
    job.workspace.check_for_the_agent(inputs.agent_path)
    environ = stores.login_environ(inputs, job.environ)
    with (
        scratch_folder() as folder,
        closed_to_others(job.environ, job.workspace.root, log),
        Login(environ, event, job.keep_secret, log) as login,
    ):
        sandbox = Sandbox.make(folder, job.environ, job.deadline, log)
        try:
            _log_agent(job, inputs, sandbox, login, result, event=event)
        finally:
            reporting.keep(sandbox.transcript, job)


def _log_agent(
    job: Job, inputs: Inputs, sandbox: Sandbox, login: Login, result: Result, *, event: Event
) -> None:
    with result.stage("Read", job.log):
        progress.log_aim(result, job.log)
        plan = plans.read(job, inputs, event, sandbox.folder)
        _check_folders(job, plan)
        agent = _Agent(job, plan, sandbox, login, result)
        agent.read()
    with WorkerProcess(sandbox) as process:
        environment = agent.make_environment(process)
        manifest = agent.manifest(environment)
        agent.look_up()
        if agent.is_known(manifest):
            return
        model, modules = agent.build(environment, process)
    compiled = in_background(lambda: agent.keep_bytecode(environment, modules))
    agent.check(model, manifest)
    agent.compare(manifest, model)
    agent.publish(manifest, model)
    compiled.result()


def _check_folders(job: Job, plan: Plan) -> None:
    """See that what is kept in the checkout can be written, before anything is built for it."""
    if plan.inputs.cache_dir:
        disk_errors.check_writable("cache-dir", plan.inputs.cache_dir, job)
    if plan.mode != "preview" and plan.stores and plan.stores.embedded_folder:
        disk_errors.check_writable("tracking-uri", plan.stores.embedded_folder, job)


class _Agent:
    """The agent on its way: each method is a part of the story, and fills in the result."""

    def __init__(
        self, job: Job, plan: Plan, sandbox: Sandbox, login: Login, result: Result
    ) -> None:
        self._job, self._log = job, job.log
        self._plan, self._inputs = plan, plan.inputs
        self._sandbox = sandbox
        self._login = login
        self._result = result
        self._review = plan.review(job.log)
        self._comparing: BaselineComparison | None = None
        self._publishing: Publishing | None = None
        self._to_look_up: list[tuple[str, str]] = []
        self._seen: list[Use] = []

    def read(self) -> None:
        """Hold the resources file against the code, and begin to ask what the workspace knows."""
        plan, result = self._plan, self._result
        result.aliases = plan.labels.aliases
        result.resources = self._review.table
        self._review.code(plan.findings())
        if plan.needs_login:
            self._settle()
        self._to_look_up = self._review.to_look_up
        self._inquiry = WorkspaceChecks.begin(plan, self._login, self._to_look_up)
        if plan.mode == "preview":
            self._comparing = BaselineComparison.begin(
                plan, self._login, self._job, self._sandbox.folder
            )
        else:
            self._publishing = Publishing.begin(plan, self._login, self._job)

    def make_environment(self, process: WorkerProcess) -> Environment:
        """Make the agent's own Python environment, in which the process imports MLflow at once."""
        plan, sandbox, job = self._plan, self._sandbox, self._job
        with self._result.stage("Environment", self._log):
            self._uv = Uv(sandbox, self._inputs.cache_dir, job.workspace.root, job.environ)
            environment = self._uv.environment(plan.requirements, plan.python)
            process.start(environment.python)
            self._result.lock = environment.lock
            self._review.mlflow(environment.lock.mlflow, self._inputs.flavor)
            plan.order.code_paths.add_built(environment.code)
            plan.tell_unneeded_secrets(job)
            if not plan.needs_login:
                self._settle()
            self._inquiry.check()
        return environment

    def manifest(self, environment: Environment) -> Manifest:
        """All that goes into the agent; its digest is known before the build."""
        manifest = self._plan.manifest(environment)
        self._result.digest = manifest.digest
        self._log.line(f"digest {manifest.digest}")
        return manifest

    def look_up(self) -> None:
        """See whether the resources exist."""
        if self._to_look_up:
            with self._result.stage("Resources", self._log):
                self._review.workspace(self._inquiry.looked_up)

    def is_known(self, manifest: Manifest) -> bool:
        """Whether it is registered already, so that nothing is left to do."""
        if self._inputs.if_unchanged != "reuse":
            return False
        if self._comparing:
            with self._result.stage("Find", self._log):
                is_same = not self._comparing.would_change(manifest)
            if is_same:
                self._tell_write_access()
                self.compare(manifest, None)
            return is_same
        if self._publishing is None or self._plan.mode != "register":
            return False
        with self._result.stage("Find", self._log), mlflow_login(self._login, os.environ):
            return self._publishing.is_reused(manifest, self._result.published)

    def build(self, environment: Environment, process: WorkerProcess) -> tuple[Path, list[str]]:
        """Build it and verify it, in processes of its own.

        The model directory, and the modules of the environment that had no bytecode.
        """
        result, sandbox = self._result, self._sandbox
        self._tell_write_access()
        if self._publishing:
            self._publishing.prepare()
        with delegated_environ(self._login, sandbox.environ) as of_agent:
            worker = build.Worker(process, sandbox, self._plan.order, environment.lock, of_agent)
            with result.stage("Build", self._log):
                built = result.build = worker.build()
                progress.log_build(built, self._log)
                self._review.mlflow(environment.lock.mlflow, built.flavor)
                self._seen += _inferred(built)
            if self._inputs.verify != "off":
                with result.stage("Verify", self._log):
                    result.verification = worker.verify()
                    progress.log_verification(result.verification, self._log)
                    self._seen += observed.uses(result.verification.requests)
        return worker.model, worker.compiled

    def keep_bytecode(self, environment: Environment, modules: list[str]) -> None:
        """Let the next job that has the environment import what this one did without compiling."""
        if not self._inputs.cache_dir:
            return
        try:
            self._uv.keep_bytecode(environment, dict.fromkeys(modules))
        except (OSError, Failure, TimedOut) as error:
            self._log.warning(
                Problem(
                    "`cache-dir`: what was compiled can't be kept; the next job compiles it again.",
                    detail=str(error),
                )
            )

    def check(self, model: Path, manifest: Manifest) -> None:
        """Hold what was built against what was seen and against what went into it."""
        with self._result.stage("Check", self._log):
            self._review.verified(self._seen, was_asked=self._result.answer is not None)
            inferred = self._result.build.inferred if self._result.build else ()
            built_model.check(model, manifest, self._plan.order, self._job.secrets, inferred)

    def compare(self, manifest: Manifest, model: Path | None) -> None:
        """Compare a preview with what is registered; `model` is None where nothing was built."""
        if self._comparing:
            with self._result.stage("Compare", self._log):
                comparison = self._comparing.compared(manifest, model)
                self._result.comparison = comparison
                progress.log_comparison(comparison, self._log)

    def publish(self, manifest: Manifest, model: Path) -> None:
        """Log it, and register it where that is asked for."""
        if self._publishing:
            self._job.deadline.begin(PUBLISHING)
            with self._result.stage("Publish", self._log), mlflow_login(self._login, os.environ):
                self._publishing.publish(model, manifest, self._result.published)

    def _tell_write_access(self) -> None:
        """Say whether the login of a preview, which the agent gets, may write the target."""
        self._result.preview_can_write = self._inquiry.preview_can_write
        if self._result.preview_can_write and (target := self._inputs.uc_target):
            self._log.warning(Target(target, self._login.who.name).open_to_previews())

    def _settle(self) -> None:
        """See whether somebody is logged in.

        Raises:
            LoginFailure: nobody is, and somebody must be.

        """
        login = self._login
        problem = login.problem
        if problem is None:
            self._log.line(f"logged in at {login.token().host} as {login.who.name or 'somebody'}")
        elif self._plan.needs_login:
            raise LoginFailure(problem)
        elif not login.is_absent:
            self._log.warning(problem)


def _inferred(built: build.Build) -> Iterator[Use]:
    """What MLflow makes of a LangChain object."""
    for kind, name in built.inferred:
        if kind in KINDS:
            yield Use(kind, name, "mlflow.langchain", "inferred")
