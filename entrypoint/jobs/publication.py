"""A publication: the agent is logged, and registered where the mode says so."""

import os
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from entrypoint.agent.build import NeedsLogin
from entrypoint.agent.manifest import Manifest
from entrypoint.databricks.auth.delegation import mlflow_login
from entrypoint.databricks.auth.login import Login
from entrypoint.jobs.context import Job
from entrypoint.jobs.goal import Goal
from entrypoint.jobs.other_jobs import comes_before, ended_jobs
from entrypoint.jobs.plan import Plan
from entrypoint.jobs.workspace_checks import WorkspaceChecks
from entrypoint.registry.mlflow_import import import_mlflow
from entrypoint.registry.stores import Stores
from entrypoint.report.result import Result
from entrypoint.runtime.background import in_background, result_or
from entrypoint.runtime.deadline import PUBLISHING
from entrypoint.runtime.errors import LoginFailure, Problem, PublishFailure

if TYPE_CHECKING:  # it imports MLflow
    from entrypoint.registry.session import Session


class Publication(Goal):
    """Connects to the stores in the background: MLflow takes as long to import as uv to run.

    MLflow's modules import each other in circles, and two threads that import of them see each
    other's half-made ones. So nothing is imported here before what imports in the background has
    ended.
    """

    def __init__(
        self,
        job: Job,
        plan: Plan,
        stores: Stores,
        login: Login,
        result: Result,
        *,
        checks: WorkspaceChecks,
    ) -> None:
        super().__init__(job, plan, login, result)
        self._stores = stores
        self._session = in_background(self._connect)
        self._signatures: Future[object] | None = None
        self._refusals: Future[list[Problem]] | None = None
        if stores.at_databricks:
            registers = plan.mode == "register" and stores.registers_at_databricks
            self._refusals = checks.refusals(
                self._inputs.uc_target if registers else None,
                plan.labels.experiment if stores.tracks_at_databricks else None,
                sets_aliases=bool(plan.labels.aliases),
            )

    def check_workspace(self) -> None:
        """See whether the workspace would refuse it.

        Raises:
            PublishFailure: it would.

        """
        if self._refusals and (problems := result_or(self._refusals, [])):
            raise PublishFailure(*problems)

    def is_reached(self, manifest: Manifest) -> bool:
        """Whether a version has the digest; it gets the aliases then.

        Raises:
            PublishFailure: a store refused.

        """
        if self._plan.mode != "register":
            return False
        with self._result.stage("Find", self._log), self._logged_in():
            session = self._session.result()
            from entrypoint.registry.publish.reuse import reuse  # noqa: PLC0415

            published, name = self._result.published, str(self._inputs.uc_target)
            is_there = reuse(name, manifest.digest, self._plan.labels, session, published)
            self._log.line(
                f"{published.model_uri} has it already: nothing to build"
                if is_there
                else "no version has it yet"
            )
        return is_there

    def prepare(self) -> None:
        """Import what Unity Catalog's store looks at signatures with, while the agent is built."""
        if self._stores.registers_at_databricks:
            self._signatures = in_background(self._import_signatures)

    def go_on_unloaded(self, failure: NeedsLogin) -> None:
        """Nothing that nobody has loaded is published.

        Raises:
            NeedsLogin: always.

        """
        raise failure

    def finish(self, model: Path | None, manifest: Manifest) -> None:
        """Log what was built, and register it where the mode says so.

        Raises:
            PublishFailure: a store refused.

        """
        if model is None:
            raise ValueError("nothing was built")
        self._job.deadline.begin(PUBLISHING)
        with self._result.stage("Publish", self._log), self._logged_in():
            session = self._session.result()
            if self._signatures:
                self._signatures.result()
            from entrypoint.registry.publish import publish  # noqa: PLC0415

            plan, published = self._plan, self._result.published
            publication = publish.Publication(
                model=model,
                manifest=manifest,
                registered_name=str(self._inputs.uc_target) if plan.mode == "register" else None,
                labels=plan.labels.with_digest(manifest.digest),
                once=self._inputs.if_unchanged == "reuse",
            )
            publish.publish(publication, session, published)
            self._log.line(published.model_uri)

    def _logged_in(self) -> AbstractContextManager[None]:
        """Log in MLflow, where the store is a workspace's.

        Raises:
            LoginFailure: the login ran out while the agent was built.

        """
        if self._stores.at_databricks and (problem := self._login.problem):
            raise LoginFailure(problem)
        return mlflow_login(self._login, os.environ)

    def _connect(self) -> "Session":
        import_mlflow()
        from entrypoint.registry.session import Session  # noqa: PLC0415

        return Session(
            self._stores,
            self._login.identity,
            self._log,
            renew=self._login.renew,
            refused=self._login.refused,
            is_ancestor=partial(comes_before, self._job),
            jobs=ended_jobs(self._job),
        )

    def _import_signatures(self) -> None:
        self._session.result()
        import_module("mlflow.models.signature")
