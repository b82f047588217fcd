"""A session with the tracking store and the registry."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from functools import partial

import mlflow
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from entrypoint.databricks import experiment_errors, store_errors
from entrypoint.databricks.auth.workspace_host import Identity
from entrypoint.inputs.model_name import ModelName
from entrypoint.registry import embedded_store, store_answers, ui_links
from entrypoint.registry.alias_moves import AliasMoves, IsAncestor
from entrypoint.registry.ended_jobs import EndedJobs
from entrypoint.registry.idempotent_create import IdempotentCreate
from entrypoint.registry.labels import Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.retrying_client import Got, patiently, retrying
from entrypoint.registry.store_clock import StoreClock
from entrypoint.registry.stores import Stores
from entrypoint.registry.versions import Versions
from entrypoint.runtime.errors import Problem, PublishFailure
from entrypoint.runtime.log import Log, LogStream

_EXISTS = "RESOURCE_ALREADY_EXISTS"


class Session:
    """MLflow's client for the stores, and what differs between them.

    `who`: we, where one of them is a workspace's. `renew` fetches another token in place of one
    that the workspace refuses before its time, and says whether there is one. `is_ancestor` tells
    in what order commits are, and `jobs` which of the other jobs have ended.
    """

    def __init__(
        self,
        stores: Stores,
        who: Identity,
        log: Log,
        *,
        renew: Callable[[], bool] = lambda: False,
        is_ancestor: IsAncestor = lambda _commit, _other: None,
        jobs: EndedJobs | None = None,
    ) -> None:
        self._stores = stores
        self._who = who
        self._renew = renew
        self._is_ancestor = is_ancestor
        self.log = log
        self.jobs = jobs or EndedJobs()
        if folder := stores.embedded_folder:
            embedded_store.prepare(folder)
            embedded_store.create_database(folder, partial(_create_tables, stores))
        mlflow.set_tracking_uri(stores.tracking_uri)
        mlflow.set_registry_uri(stores.registry_uri)
        with self.problems():
            client = MlflowClient()
        self.client = retrying(client, renew)
        self.clock = StoreClock(client, stores.tracking_uri)

    @contextmanager
    def problems(self, target: str = "", experiment: str = "") -> Iterator[None]:
        """Turn what a store refuses into a failure, and show what MLflow says as foreign text.

        What a workspace says about the model `target` or the `experiment` is explained.

        Raises:
            PublishFailure: the store refused.

        """
        try:
            with redirect_stderr(LogStream(self.log)):
                yield
        except store_answers.REFUSALS as error:
            raise PublishFailure(self._refused(error, target, experiment)) from error

    def patiently(self, ask: Callable[[], Got]) -> Got:
        """Ask a store, past MLflow's client, as patiently as it does."""
        return patiently(ask, self._renew)

    def versions(self, name: str) -> Versions:
        """The versions of a registered model."""
        return Versions(self.client, self._stores.registry_uri, name)

    def known_experiment(self, name: str) -> str | None:
        """The id of an experiment, None when it isn't there yet.

        Raises:
            PublishFailure: it was deleted, or keeps artifacts where it may not.

        """
        found = self.client.get_experiment_by_name(name)
        if not found:
            return None
        number = str(found.experiment_id)
        if found.lifecycle_stage == LifecycleStage.DELETED:
            at_databricks = self._stores.tracks_at_databricks
            raise PublishFailure(
                experiment_errors.deleted(name, number, at_databricks=at_databricks)
            )
        self.check_location(found.artifact_location)
        return number

    def experiment(self, name: str) -> str:
        """The id of an experiment, which is made if it isn't there."""
        if known := self.known_experiment(name):
            return known

        def create() -> str:
            return str(self.client.create_experiment(name, self._stores.artifacts))

        try:
            return IdempotentCreate().make(create, lambda: self.known_experiment(name))
        except MlflowException as error:
            # By another job, meanwhile.
            if error.error_code == _EXISTS and (known := self.known_experiment(name)):
                return known
            raise

    def check_location(self, location: str) -> None:
        """Refuse to write artifacts to a place that an embedded store names outside of itself.

        Raises:
            PublishFailure: it is one.

        """
        if folder := self._stores.embedded_folder:
            embedded_store.check_location(location, folder)

    def set_aliases(
        self, versions: Versions, version: ModelVersion, labels: Labels, published: Published
    ) -> None:
        """Let the aliases point to the version, where there are such things."""
        if versions.has_labels:
            moves = AliasMoves(versions, self._is_ancestor, published, self.log)
            moves.move(version, labels)
            return
        left_out = ["tags", *(["aliases"] if labels.aliases else [])]
        self.log.notice(
            Problem(
                f"`registry-uri`: `{self._stores.registry_uri}` knows no"
                f" {' and no '.join(left_out)} of model versions: they were left out. The tags are"
                " on the logged model."
            )
        )

    def without(self, published: Published, aliases: Iterable[str]) -> list[str]:
        """Those of the aliases that aren't on the version which was published."""
        versions = self.versions(published.model_name)
        if not versions.has_labels:
            return []
        on_it = versions.at(published.model_version).aliases
        return [alias for alias in aliases if alias not in on_it]

    def link(self, published: Published) -> None:
        """Fill in the pages of what was published."""
        published.run_url = ui_links.run_url(
            self._stores.tracking_uri, self._who, published.experiment_id, published.run_id
        )
        if published.model_version:
            published.model_url = ui_links.model_url(
                self._stores.registry_uri,
                self._who,
                published.model_name,
                published.model_version,
            )

    def _refused(self, error: Exception, target: str, experiment: str) -> Problem:
        stores, said = self._stores, store_errors.words(error)
        if stores.at_databricks and store_answers.is_login_refused(error):
            return replace(store_errors.of_login(), detail=said)
        code = str(getattr(error, "error_code", None) or type(error).__name__)
        if problem := store_errors.of_storage(error) or store_errors.explain(
            code,
            said,
            ModelName.parse(target) if target and stores.registers_at_databricks else None,
            experiment if stores.tracks_at_databricks else "",
            self._who.name,
        ):
            return replace(problem, detail=said)
        where = f"`{stores.tracking_uri}`"
        if stores.registry_uri != stores.tracking_uri:
            where += f" (registry `{stores.registry_uri}`)"
        return Problem(f"Publishing to {where} failed: {code}.", detail=said)


def _create_tables(stores: Stores, uri: str) -> None:
    """Let MLflow create its tables and its default experiment in an empty SQLite database."""
    store = SqlAlchemyStore(uri, stores.artifacts)  # type: ignore[no-untyped-call]
    store._dispose_engine()  # type: ignore[no-untyped-call]  # noqa: SLF001 - it keeps the file open
