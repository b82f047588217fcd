"""The comparison of a preview with what is registered, made beside the story."""

import os
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from entrypoint.agent.manifest import Manifest
from entrypoint.comparison.changes import Comparison
from entrypoint.databricks.auth.delegation import mlflow_login
from entrypoint.databricks.auth.login import Login
from entrypoint.jobs.context import Job
from entrypoint.jobs.plan import Plan
from entrypoint.registry.mlflow_import import import_mlflow
from entrypoint.runtime.background import in_background
from entrypoint.runtime.errors import Failure

if TYPE_CHECKING:  # it imports MLflow, which takes a while: in the background it costs nobody time
    from entrypoint.registry.baseline import RegisteredVersion

# Seconds: a preview does without.
_PATIENCE = 60


@dataclass(frozen=True)
class BaselineLookup:
    """What is registered: nothing, a version, or the reason why nobody knows."""

    registered: "RegisteredVersion | None" = None
    why_not: str = ""


@dataclass(frozen=True)
class BaselineComparison:
    """Looks for the baseline, and compares with it what was built; `_folder` is for its files."""

    _job: Job
    _plan: Plan
    _login: Login
    _folder: Path
    _found: Future[BaselineLookup]

    @classmethod
    def begin(cls, plan: Plan, login: Login, job: Job, folder: Path) -> "BaselineComparison":
        """Look for the baseline; its files go into a folder of their own."""
        return cls(
            job, plan, login, folder / "baseline", in_background(lambda: _find(plan, login, job))
        )

    def would_change(self, manifest: Manifest) -> bool:
        """Whether the agent isn't known to be the registered one.

        Raises:
            InputFailure: `baseline` names nothing.

        """
        registered = self._result().registered
        return registered is None or registered.baseline.digest != manifest.digest

    def compared(self, manifest: Manifest, model: Path | None) -> Comparison:
        """The comparison; `model` is the directory that was built, if one was.

        Raises:
            InputFailure: `baseline` names nothing.

        """
        from entrypoint.comparison.compare import compare  # noqa: PLC0415
        from entrypoint.comparison.snapshot import Snapshot  # noqa: PLC0415

        found = self._result()
        if found.registered is None:
            return Comparison(not_compared=found.why_not)
        spec = self._plan.spec
        after = Snapshot.of_agent(manifest, spec.code, spec.code_paths.folder, model)
        self._folder.mkdir()
        try:
            with mlflow_login(self._login, os.environ):
                before = found.registered.fetch(manifest, self._folder)
        except Failure as failure:
            return Comparison(not_compared=_why_not(failure, self._job))
        return compare(found.registered.baseline, before, after, self._job.secrets.redact)

    def _result(self) -> BaselineLookup:
        try:
            return self._found.result(_PATIENCE)
        except TimeoutError:
            return BaselineLookup(
                why_not=f"the registry did not answer within {_PATIENCE} seconds."
            )


def _find(plan: Plan, login: Login, job: Job) -> BaselineLookup:
    target, stores = plan.inputs.uc_target, plan.stores
    if target is None:
        return BaselineLookup(why_not="there is no `uc-target`.")
    if stores is None:
        return BaselineLookup(why_not="no registry is configured.")
    if stores.registers_at_databricks and (problem := login.problem):
        return BaselineLookup(why_not=problem.what)
    import_mlflow()
    from entrypoint.registry.baseline import BaselineFailure, BaselineRegistry  # noqa: PLC0415

    registry = BaselineRegistry(stores, target, login.who, job.log, login.renew)
    try:
        with mlflow_login(login, os.environ):
            return BaselineLookup(registry.find(plan.inputs.baseline or ""))
    except BaselineFailure as failure:
        return BaselineLookup(why_not=_why_not(failure, job))


def _why_not(failure: Failure, job: Job) -> str:
    """The reason, whose remedy is told as a notice: a preview does without."""
    for problem in failure.problems:
        job.log.notice(problem)
    return failure.problems[0].what
