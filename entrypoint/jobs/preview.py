"""A preview: the agent is compared with what is registered, and nothing is written there."""

import os
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from entrypoint.agent.build import NeedsLogin
from entrypoint.agent.manifest import Manifest
from entrypoint.comparison.changes import Comparison
from entrypoint.comparison.snapshot import Snapshot
from entrypoint.databricks.auth.delegation import mlflow_login
from entrypoint.databricks.auth.login import Login
from entrypoint.databricks.model_errors import Target
from entrypoint.jobs.baseline_comparison import compare_with, not_compared
from entrypoint.jobs.context import Job
from entrypoint.jobs.goal import Goal
from entrypoint.jobs.plan import Plan
from entrypoint.jobs.workspace_checks import WorkspaceChecks
from entrypoint.registry.mlflow_import import import_mlflow
from entrypoint.report import progress
from entrypoint.report.result import Result
from entrypoint.runtime.background import TIMEOUT_SECONDS, in_background, result_or

if TYPE_CHECKING:  # it imports MLflow, which a preview may do without
    from entrypoint.registry.baseline import RegisteredVersion


_NO_ANSWER = Comparison(
    not_compared=f"the registry did not answer within {TIMEOUT_SECONDS} seconds."
)


_NOT_LOADED = (
    "Nobody has loaded the agent: it needs a login at Databricks for that, and this job has none."
)
_NOT_ASKED = (
    "Nobody has asked the agent: it needs a login at Databricks for an answer, from which its"
    " signature is inferred, and this job has none."
)


class Preview(Goal):
    """Looks for the baseline in the background; `folder` is where its files can be put."""

    def __init__(
        self,
        job: Job,
        plan: Plan,
        login: Login,
        result: Result,
        checks: WorkspaceChecks,
        *,
        folder: Path,
    ) -> None:
        super().__init__(job, plan, login, result)
        self._folder = folder / "baseline"
        self._baseline = in_background(self._find)
        self._can_write: Future[bool | None] | None = None
        target, stores = self._inputs.uc_target, plan.stores
        if target and stores and stores.registers_at_databricks:
            self._can_write = checks.can_write(target)

    def check_workspace(self) -> None:
        """Nothing is written, so nothing can be refused."""

    def is_reached(self, manifest: Manifest) -> bool:
        """Whether it is the registered version, with which it is compared at once then."""
        with self._result.stage("Find", self._log):
            baseline = result_or(self._baseline, _NO_ANSWER)
            is_same = (
                not isinstance(baseline, Comparison) and baseline.baseline.digest == manifest.digest
            )
        if is_same:
            self.prepare()
            self._compare(manifest, None)
        return is_same

    def prepare(self) -> None:
        """Say whether the login of a preview, which the agent gets, may write the target."""
        can_write = result_or(self._can_write, None) if self._can_write else None
        self._result.preview_can_write = can_write
        if can_write and (target := self._inputs.uc_target):
            self._log.warning(Target(target, self._login.identity.name).open_to_previews())

    def go_on_unloaded(self, failure: NeedsLogin) -> None:
        """Say that nobody has loaded the agent, so that nobody can call it good."""
        (problem,) = failure.problems
        what = _NOT_ASKED if failure.was_loaded else _NOT_LOADED
        self._result.not_loaded = replace(problem, what=what)
        self._log.notice(self._result.not_loaded)

    def finish(self, model: Path | None, manifest: Manifest) -> None:
        """Compare what was built, or is known without that, with the baseline."""
        self._compare(manifest, model)

    def _compare(self, manifest: Manifest, model: Path | None) -> None:
        with self._result.stage("Compare", self._log):
            self._result.comparison = self._comparison(manifest, model)
            progress.log_comparison(self._result.comparison, self._log)

    def _comparison(self, manifest: Manifest, model: Path | None) -> Comparison:
        baseline = result_or(self._baseline, _NO_ANSWER)
        if isinstance(baseline, Comparison):
            return baseline
        stores = self._plan.stores
        if stores and stores.registers_at_databricks and (problem := self._login.problem):
            return Comparison(not_compared=problem.what)  # it ran out meanwhile
        spec = self._plan.spec
        after = Snapshot.of_agent(manifest, spec.code, spec.code_paths.folder, model)
        self._folder.mkdir()
        with mlflow_login(self._login, os.environ):
            built = model is not None
            return compare_with(baseline, after, manifest, self._folder, self._job, built=built)

    def _find(self) -> "RegisteredVersion | Comparison":
        """The baseline, or that nothing is compared, and why."""
        target, stores = self._inputs.uc_target, self._plan.stores
        if target is None:
            return Comparison(not_compared="there is no `uc-target`.")
        if stores is None:
            return Comparison(not_compared="no registry is configured.")
        login = self._login
        if stores.registers_at_databricks and (problem := login.problem):
            return Comparison(not_compared=problem.what)
        import_mlflow()
        from entrypoint.registry.baseline import BaselineFailure, BaselineRegistry  # noqa: PLC0415

        registry = BaselineRegistry(
            stores, target, login.identity, self._log, login.renew, login.refused
        )
        try:
            with mlflow_login(login, os.environ):
                return registry.find(self._inputs.baseline or "") or Comparison()
        except BaselineFailure as failure:
            return not_compared(failure, self._job)
