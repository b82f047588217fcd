"""The story of a promotion: find a version, check its files, copy it, and say what changes.

No agent is built or run, so nothing of the checkout is needed.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from entrypoint.agent.manifest import Manifest
from entrypoint.agent.sandbox.sandbox import scratch_folder
from entrypoint.comparison.changes import Comparison
from entrypoint.comparison.snapshot import Snapshot
from entrypoint.databricks.auth.delegation import connect, mlflow_login
from entrypoint.databricks.auth.login import Login
from entrypoint.inputs.event import Event
from entrypoint.inputs.inputs import Promotion
from entrypoint.jobs import disk_errors, other_jobs
from entrypoint.jobs.context import Job
from entrypoint.registry import stores
from entrypoint.registry.labels import COMMIT
from entrypoint.registry.mlflow_import import import_mlflow
from entrypoint.registry.release_labels import ReleaseLabels
from entrypoint.registry.stores import Stores
from entrypoint.report.result import Result
from entrypoint.resources.table import Table
from entrypoint.runtime.background import in_background
from entrypoint.runtime.deadline import PUBLISHING
from entrypoint.runtime.errors import Failure, LoginFailure, Problem

if TYPE_CHECKING:  # they import MLflow, which an error in the inputs needn't wait for
    from entrypoint.registry.promote.source_version import SourceVersion
    from entrypoint.registry.session import Session

# Seconds for which the answers to the preflight's questions are waited for: they are a comfort.
_PATIENCE = 60


def promote(job: Job, event: Event, result: Result) -> None:
    """Promote what the input `source` names; `result` is filled in on the way.

    Raises:
        Failure: a problem that the user can act on.
        Cancelled: a signal arrived.

    """
    inputs = Promotion.read(job.texts, job.workspace)
    result.target = str(inputs.uc_target)
    plan = _Plan.make(job, inputs, event)
    result.aliases = plan.labels.requested.aliases
    if plan.stores.embedded_folder:
        disk_errors.check_writable("tracking-uri", plan.stores.embedded_folder, job)
    environ = stores.login_environ(inputs, job.environ)
    with scratch_folder() as folder, Login(environ, event, job.keep_secret, job.log) as login:
        _Version(job, plan, login, result).promote(folder, event.commit)


@dataclass(frozen=True)
class _Plan:
    inputs: Promotion
    labels: ReleaseLabels
    stores: Stores

    @classmethod
    def make(cls, job: Job, inputs: Promotion, event: Event) -> Self:
        labels = ReleaseLabels.make(inputs, event)
        found = Stores.choose(inputs, job.environ, job.workspace, on_github=bool(event.name))
        if found is None:
            raise stores.not_configured("promote")
        return cls(inputs, labels, found)


class _Version:
    """A version on its way: each method is a part of the story, and fills in the result."""

    def __init__(self, job: Job, plan: _Plan, login: Login, result: Result) -> None:
        self._job, self._log = job, job.log
        self._inputs = plan.inputs
        self._labels = plan.labels
        self._stores = plan.stores
        self._login = login
        self._result = result

    def promote(self, folder: Path, commit: str) -> None:
        """Tell the story; `folder` is empty, `commit` the job's."""
        files, baseline = folder / "source", folder / "baseline"
        files.mkdir()
        baseline.mkdir()
        with self._logged_in():
            source, session = self._find(commit)
            manifest = self._check(source, session, files)
            self._copy(source, session, files)
            self._compare(Snapshot.of_version(files, manifest, {}), manifest, baseline)

    @contextmanager
    def _logged_in(self) -> Iterator[None]:
        if self._stores.at_databricks and (problem := self._login.problem):
            raise LoginFailure(problem)
        with mlflow_login(self._login, os.environ):
            yield

    def _find(self, commit: str) -> "tuple[SourceVersion, Session]":
        """The source; what would be refused is told with what is wrong with it."""
        import_mlflow()
        # Here and not above: these import MLflow.
        from entrypoint.registry.promote.source_version import SourceLookup  # noqa: PLC0415
        from entrypoint.registry.session import Session  # noqa: PLC0415

        reference = self._inputs.source
        with self._result.stage("Find", self._log):
            self._log.line(f"promote {reference} to {self._inputs.uc_target}")
            refused = in_background(self._preflight)
            problems: list[Problem] = []
            try:
                login = self._login
                session = Session(
                    self._stores,
                    login.identity,
                    self._log,
                    renew=login.renew,
                    jobs=other_jobs.ended(self._job),
                )
                source = SourceLookup(reference, session).find(commit)
            except Failure as failure:
                problems += failure.problems
            problems += _answer(refused)
            if problems:
                raise Failure(*problems)
            self._log.line(f"{source.uri}, digest {source.digest}")
            # That of the agent, which an alias can name at any later one.
            self._result.commit = source.tags.get(COMMIT) or self._result.commit
        return source, session

    def _preflight(self) -> list[Problem]:
        """Whether the registry would refuse the copy; an alias alone is its owner's to move."""
        if (
            not self._stores.registers_at_databricks
            or self._inputs.source.name == self._inputs.uc_target
        ):
            return []
        from entrypoint.databricks.preflight import check  # noqa: PLC0415

        try:
            workspace = connect(self._login)
        except (LoginFailure, ValueError, OSError):
            return []
        return check(
            workspace,
            self._inputs.uc_target,
            None,
            self._login.identity.name,
            sets_aliases=bool(self._labels.requested.aliases),
        )

    def _check(self, source: "SourceVersion", session: "Session", files: Path) -> Manifest:
        from entrypoint.registry.promote.source_files import fetch  # noqa: PLC0415

        with self._result.stage("Check", self._log):
            manifest = fetch(source, session, files)
            self._result.digest = manifest.digest
            self._log.line("its files are those that were registered")
        return manifest

    def _copy(self, source: "SourceVersion", session: "Session", files: Path) -> None:
        from entrypoint.registry.promote import promotion  # noqa: PLC0415

        self._job.deadline.begin(PUBLISHING)
        with self._result.stage("Promote", self._log):
            promotion.promote(
                promotion.PromotionRequest(source, files, self._inputs.uc_target, self._labels),
                session,
                self._result.published,
            )
            self._log.line(self._result.published.model_uri)

    def _compare(self, promoted: Snapshot, manifest: Manifest, folder: Path) -> None:
        """Say what it may use, and what changes; the version is promoted whether that is known."""
        self._result.resources = Table.of_accesses(promoted.resources or ())
        replaces = self._result.published.replaces
        if not replaces:
            return
        from entrypoint.comparison.compare import compare  # noqa: PLC0415
        from entrypoint.registry.baseline import BaselineRegistry  # noqa: PLC0415

        target, login = self._inputs.uc_target, self._login
        registry = BaselineRegistry(self._stores, target, login.identity, self._log, login.renew)
        with self._result.stage("Compare", self._log):
            try:
                if found := registry.find(replaces):
                    before = found.fetch(manifest, folder)
                    self._result.comparison = compare(
                        found.baseline, before, promoted, self._job.secrets.redact
                    )
            except Failure as failure:
                for problem in failure.problems:
                    self._log.notice(problem)
                self._result.comparison = Comparison(not_compared=failure.problems[0].what)


def _answer(refused: Future[list[Problem]]) -> list[Problem]:
    try:
        return refused.result(_PATIENCE)
    except TimeoutError:
        return []
