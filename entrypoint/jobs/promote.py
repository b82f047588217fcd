"""Promoting a version: find it, check its files, copy it, and say what changes.

No agent is built or run, so nothing of the checkout is needed.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from entrypoint.agent.manifest import Manifest
from entrypoint.agent.sandbox.sandbox import scratch_folder
from entrypoint.comparison.snapshot import Snapshot
from entrypoint.databricks.auth.delegation import mlflow_login
from entrypoint.databricks.auth.login import Login
from entrypoint.inputs.inputs import PromotionInputs
from entrypoint.jobs import disk_errors, release_notes
from entrypoint.jobs.baseline_comparison import compare_with, not_compared
from entrypoint.jobs.context import Job
from entrypoint.jobs.other_jobs import ended_jobs
from entrypoint.jobs.workspace_checks import WorkspaceChecks
from entrypoint.registry import stores
from entrypoint.registry.baseline import BaselineRegistry
from entrypoint.registry.labels import COMMIT
from entrypoint.registry.promote import promotion
from entrypoint.registry.promote.source_files import fetch
from entrypoint.registry.promote.source_version import SourceLookup, SourceVersion
from entrypoint.registry.release_labels import ReleaseLabels
from entrypoint.registry.session import Session
from entrypoint.registry.stores import Stores
from entrypoint.report.result import Result
from entrypoint.resources.table import Table
from entrypoint.runtime.background import result_or
from entrypoint.runtime.deadline import PUBLISHING
from entrypoint.runtime.errors import Failure, LoginFailure, Problem


def run(job: Job, result: Result) -> None:
    """Promote what the input `source` names; `result` is filled in on the way.

    Raises:
        Failure: a problem that the user can act on.
        Cancelled: a signal arrived.

    """
    plan = _Plan.read(job)
    result.target = str(plan.inputs.uc_target)
    result.aliases = plan.labels.requested.aliases
    if plan.stores.embedded_folder:
        disk_errors.check_writable("tracking-uri", plan.stores.embedded_folder, job)
    environ = stores.login_environ(plan.inputs, job.environ)
    with (
        scratch_folder() as folder,
        Login(environ, job.event, job.keep_secret, job.log) as login,
    ):
        if plan.stores.at_databricks and (problem := login.problem):
            raise LoginFailure(problem)
        with mlflow_login(login, os.environ):
            version = _Version(job, plan, login, result)
            source, session = version.find()
            manifest = version.check(source, session, folder / "source")
            version.copy(source, session, folder / "source")
            version.compare(manifest, folder)
    release_notes.write(result, job)


@dataclass(frozen=True)
class _Plan:
    inputs: PromotionInputs
    labels: ReleaseLabels
    stores: Stores

    @classmethod
    def read(cls, job: Job) -> Self:
        inputs = PromotionInputs.read(job.texts, job.workspace)
        labels = ReleaseLabels.make(inputs, job.event)
        found = Stores.choose(inputs, job.environ, job.workspace, on_github=bool(job.event.name))
        if found is None:
            raise stores.not_configured("promote")
        return cls(inputs, labels, found)


class _Version:
    """A version on its way: each method is a stage of the job, and fills in the result."""

    def __init__(self, job: Job, plan: _Plan, login: Login, result: Result) -> None:
        self._job, self._log = job, job.log
        self._inputs = plan.inputs
        self._labels = plan.labels
        self._stores = plan.stores
        self._login = login
        self._result = result

    def find(self) -> tuple[SourceVersion, Session]:
        """Find the source, and raise what is wrong with it together with what would be refused."""
        login, reference = self._login, self._inputs.source
        with self._result.stage("Find", self._log):
            self._log.line(f"promote {reference} to {self._inputs.uc_target}")
            refusals = self._preflight()
            problems: list[Problem] = []
            try:
                session = Session(
                    self._stores,
                    login.identity,
                    self._log,
                    renew=login.renew,
                    refused=login.refused,
                    jobs=ended_jobs(self._job),
                )
                source = SourceLookup(reference, session).find(self._job.event.commit)
            except Failure as failure:
                problems += failure.problems
            problems += refusals()
            if problems:
                raise Failure(*problems)
            self._log.line(f"{source.uri}, digest {source.digest}")
            # That of the agent, which an alias can name at any later one.
            self._result.commit = source.tags.get(COMMIT) or self._result.commit
        return source, session

    def check(self, source: SourceVersion, session: Session, files: Path) -> Manifest:
        """Fetch the source's files, and see that they are those that were registered."""
        files.mkdir()
        with self._result.stage("Check", self._log):
            manifest = fetch(source, session, files)
            self._result.digest = manifest.digest
            self._log.line("its files are those that were registered")
        return manifest

    def copy(self, source: SourceVersion, session: Session, files: Path) -> None:
        """Make the version of the target, or take the one that has the same content."""
        self._job.deadline.begin(PUBLISHING)
        with self._result.stage("Promote", self._log):
            promotion.promote(
                promotion.PromotionRequest(source, files, self._inputs.uc_target, self._labels),
                session,
                self._result.published,
            )
            self._log.line(self._result.published.model_uri)

    def compare(self, manifest: Manifest, folder: Path) -> None:
        """Say what it may use, and what changes; the version is promoted whether that is known."""
        promoted = Snapshot.of_version(folder / "source", manifest, {})
        self._result.resources = Table.of_accesses(promoted.resources or ())
        replaces = self._result.published.replaces
        if not replaces:
            return
        baseline = folder / "baseline"
        baseline.mkdir()
        target, login = self._inputs.uc_target, self._login
        registry = BaselineRegistry(
            self._stores, target, login.identity, self._log, login.renew, login.refused
        )
        with self._result.stage("Compare", self._log):
            try:
                found = registry.find(replaces)
            except Failure as failure:
                self._result.comparison = not_compared(failure, self._job)
                return
            if found:
                self._result.comparison = compare_with(
                    found, promoted, manifest, baseline, self._job
                )

    def _preflight(self) -> Callable[[], list[Problem]]:
        """Ask whether the registry would refuse the copy; an alias alone is its owner's to move."""
        target = self._inputs.uc_target
        if not self._stores.registers_at_databricks or self._inputs.source.name == target:
            return list
        sets_aliases = bool(self._labels.requested.aliases)
        refusals = WorkspaceChecks(self._login).refusals(target, None, sets_aliases=sets_aliases)
        return lambda: result_or(refusals, [])
