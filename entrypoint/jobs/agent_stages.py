"""The stages of an agent's way through a job, each of which fills in the result."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from entrypoint.agent import build, unneeded_secrets
from entrypoint.agent.environment import lock_advice
from entrypoint.agent.environment.uv_environment import Environment, Uv
from entrypoint.agent.manifest import Manifest
from entrypoint.agent.model_check import built_model
from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.agent.worker_client import WorkerProcess
from entrypoint.databricks.auth.delegation import delegated_environ
from entrypoint.databricks.auth.login import Login
from entrypoint.jobs import disk_errors
from entrypoint.jobs.agent_fixes import fixes_for
from entrypoint.jobs.context import Job
from entrypoint.jobs.goal import Goal
from entrypoint.jobs.plan import Plan
from entrypoint.jobs.preview import Preview
from entrypoint.jobs.publication import Publication
from entrypoint.jobs.workspace_checks import WorkspaceChecks
from entrypoint.report import progress
from entrypoint.report.result import Result
from entrypoint.resources import observed, variables
from entrypoint.resources.check.existence import LookedUp
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Use
from entrypoint.resources.variables import ObservedRead, VariableRead
from entrypoint.runtime.background import TIMEOUT_SECONDS, result_or
from entrypoint.runtime.errors import Failure, LoginFailure, Problem, TimedOut

_NOT_LOOKED_UP = LookedUp(why_not=f"the workspace did not answer within {TIMEOUT_SECONDS} seconds")


class AgentStages:
    """The agent on its way: each method is a stage of the job, and fills in the result."""

    def __init__(
        self, job: Job, plan: Plan, sandbox: Sandbox, login: Login, result: Result
    ) -> None:
        self._job, self._log = job, job.log
        self._plan, self._inputs = plan, plan.inputs
        self._sandbox = sandbox
        self._login = login
        self._workspace = job.environ.get("DATABRICKS_HOST", "")
        self._result = result
        self._review = plan.review(job.log)
        self._looked_up: Future[LookedUp] | None = None
        self._uses: list[Use] = []
        self._reads: tuple[VariableRead, ...] = ()

    def begin(self) -> Goal:
        """Check the resources file against the code, and ask the workspace in the background."""
        plan, job, login, result = self._plan, self._job, self._login, self._result
        self._check_folders()
        result.aliases = plan.labels.aliases
        result.resources = self._review.table
        self._read_code()
        if plan.needs_login:
            self._check_login()
        checks = WorkspaceChecks(login)
        if resources := self._review.to_look_up:
            self._looked_up = checks.existing(resources)
        if plan.publishes_to is None:
            return Preview(job, plan, login, result, checks, folder=self._sandbox.folder)
        return Publication(job, plan, plan.publishes_to, login, result, checks=checks)

    def make_environment(self, process: WorkerProcess, goal: Goal) -> Environment:
        """Make the agent's own Python environment, in which the process imports MLflow at once.

        The workspace has answered by then, so what it would refuse ends the job here.
        """
        plan, sandbox, job = self._plan, self._sandbox, self._job
        with self._result.stage("Environment", self._log):
            self._uv = Uv(
                sandbox, self._inputs.cache_dir, job.workspace.root, job.environ, job.secrets
            )
            environment = self._uv.environment(plan.requirements, plan.python)
            process.start(environment.python)
            self._result.lock = environment.lock
            self._result.lock_command = lock_advice.command(
                plan.requirements, environment.lock, job.workspace
            )
            self._review.mlflow(environment.lock.mlflow, self._inputs.flavor)
            plan.spec.code_paths.add_built(environment.code, environment.packages)
            if environment.code:
                self._read_code()
            self._review.packages(environment.lock.names)
            if not plan.needs_login:
                self._check_login()
            goal.check_workspace()
        return environment

    def manifest(self, environment: Environment) -> Manifest:
        """All that goes into the agent; its digest is known before the build."""
        manifest = self._plan.manifest(environment)
        self._result.digest = manifest.digest
        self._log.line(f"digest {manifest.digest}")
        return manifest

    def look_up_resources(self) -> None:
        """See whether the resources exist."""
        if self._looked_up:
            with self._result.stage("Resources", self._log):
                self._review.workspace(result_or(self._looked_up, _NOT_LOOKED_UP))

    def build(
        self, environment: Environment, process: WorkerProcess, goal: Goal
    ) -> tuple[Path | None, list[str]]:
        """Build it and verify it, in processes of its own.

        The model directory, if it could be loaded, and the modules of the environment that had no
        bytecode.
        """
        result, sandbox = self._result, self._sandbox
        with delegated_environ(self._login, sandbox.environ) as agents_login:
            worker = build.Worker(
                *(process, sandbox, self._plan.spec, environment.lock, agents_login),
                registry=self._plan.agents_registry,
                fixes=fixes_for(self._job, self._plan, self._login, self._uv, environment),
            )
            with self._stage("Build", goal):
                built = result.build = worker.build()
                progress.log_build(built, self._log)
                self._review.mlflow(environment.lock.mlflow, built.flavor)
                self._uses += (
                    *_inferred(built),
                    *observed.uses(built.requests, workspace=self._workspace),
                )
                self._show_variables(worker.variables)
            if result.build and self._inputs.verify != "off":
                with self._stage("Verify", goal):
                    result.verification = worker.verify()
                    progress.log_verification(result.verification, self._inputs.verify, self._log)
                    self._uses += observed.uses(
                        result.verification.requests, workspace=self._workspace
                    )
                    self._show_variables(worker.variables)
            if result.build:
                for problem in worker.unshipped():
                    self._log.warning(problem)
        return None if result.not_loaded else worker.model, worker.compiled

    @contextmanager
    def _stage(self, name: str, goal: Goal) -> Iterator[None]:
        """A stage in which the agent is loaded, for which it may lack a login."""
        with self._result.stage(name, self._log):
            try:
                yield
            except build.NeedsLogin as failure:
                goal.go_on_unloaded(failure)

    def tell_unneeded_secrets(self) -> None:
        """Name the secrets that the agent is handed, and that nothing was seen to read."""
        spec = self._plan.spec
        written = (spec.source.text, str(self._plan.model_config))
        code = chain(written, unneeded_secrets.texts_in(spec.code_paths.folder))
        read = {each.name for each in self._result.variables or ()}
        if names := unneeded_secrets.find(self._job.environ, code, read):
            self._log.notice(unneeded_secrets.notice(names))

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

    def check(self, model: Path | None, manifest: Manifest) -> None:
        """Check what was built against what was seen in use, and against what went into it."""
        with self._result.stage("Check", self._log):
            self._review.verified(self._uses, was_asked=self._result.answer is not None)
            inferred = self._result.build.inferred if self._result.build else ()
            if model:
                built_model.check(model, manifest, self._plan.spec, self._job.secrets, inferred)

    def _read_code(self) -> None:
        """Read what the code uses: the agent's, and that of the packages which travel with it."""
        findings = self._plan.findings(self._workspace)
        self._reads = findings.variables
        self._show_variables(())
        self._review.code(findings)

    def _show_variables(self, observed_reads: Iterable[ObservedRead]) -> None:
        given = self._plan.variables
        self._result.variables = variables.table(self._reads, observed_reads, given)

    def _check_folders(self) -> None:
        """See that what is kept in the checkout can be written, before anything is built for it."""
        if self._inputs.cache_dir:
            disk_errors.check_writable("cache-dir", self._inputs.cache_dir, self._job)
        stores = self._plan.publishes_to
        if stores and stores.embedded_folder:
            disk_errors.check_writable("tracking-uri", stores.embedded_folder, self._job)

    def _check_login(self) -> None:
        """See whether the job is logged in at Databricks.

        Raises:
            LoginFailure: it isn't, and it has to write there.

        """
        login = self._login
        problem = login.problem
        if problem is None:
            self._log.line(
                f"logged in at {login.token().host} as {login.identity.name or 'somebody'}"
            )
        elif self._plan.needs_login:
            raise LoginFailure(problem)
        elif not login.is_absent:
            self._log.warning(problem)


def _inferred(built: build.Build) -> Iterator[Use]:
    """What MLflow makes of a LangChain object."""
    for kind, name in built.inferred:
        if kind in KINDS:
            yield Use(kind, name, "mlflow.langchain", "inferred")
