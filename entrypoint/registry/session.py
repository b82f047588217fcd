"""A session with the tracking store and the registry."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

import mlflow
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from entrypoint.databricks import experiment_errors, store_errors
from entrypoint.databricks.auth.workspace_host import Identity
from entrypoint.inputs.model_name import ModelName
from entrypoint.registry import embedded_store, store_answers, ui_links
from entrypoint.registry.alias_moves import AliasMoves, IsAncestor
from entrypoint.registry.cancellation import best_effort_cleanup
from entrypoint.registry.ended_jobs import EndedJobs
from entrypoint.registry.idempotent_create import IdempotentCreate
from entrypoint.registry.labels import Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.retrying_client import Got, retried, retrying
from entrypoint.registry.store_clock import StoreClock
from entrypoint.registry.stores import Stores
from entrypoint.registry.versions import Versions
from entrypoint.runtime.errors import Problem, PublishFailure
from entrypoint.runtime.log import Log

_EXISTS = "RESOURCE_ALREADY_EXISTS"


class Session:
    """MLflow's client for the stores, and what differs between stores.

    `identity`: who we are in the workspace, where one of them is a workspace's. `renew` fetches
    another token in place of one that the workspace refuses early, and says whether there is one;
    `refused` says why there is none.
    `is_ancestor` tells the order of commits, and `jobs` which other jobs have ended.
    """

    def __init__(
        self,
        stores: Stores,
        identity: Identity,
        log: Log,
        *,
        renew: Callable[[], bool] = lambda: False,
        refused: Callable[[], Problem] = store_errors.token_refused,
        is_ancestor: IsAncestor = lambda _commit, _other: None,
        jobs: EndedJobs | None = None,
    ) -> None:
        self.stores = stores
        self.identity = identity
        self._renew, self._refused = renew, refused
        self._is_ancestor = is_ancestor
        self.log = log
        self.jobs = jobs or EndedJobs()
        if folder := stores.embedded_folder:
            embedded_store.prepare(folder)
        mlflow.set_tracking_uri(stores.tracking_uri)
        mlflow.set_registry_uri(stores.registry_uri)
        with self.problems():
            if folder:
                embedded_store.create_database(folder, partial(_create_tables, stores))
            client = MlflowClient()
        self.client = retrying(client, renew)
        self._clock = StoreClock(client, stores.tracking_uri)

    def problems(self, target: str = "", experiment: str = "") -> AbstractContextManager[None]:
        """Turn a store's refusal into a failure, and show what MLflow prints as untrusted text.

        What a workspace says about the model `target` or the `experiment` is explained.

        Raises:
            PublishFailure: the store refused.

        """
        return store_answers.refusals_as(
            lambda error: PublishFailure(self._explain(error, target, experiment)), self.log
        )

    @contextmanager
    def publishing(
        self, published: Published, aliases: Sequence[str], target: str, experiment: str = ""
    ) -> Iterator[None]:
        """As `problems`; a version that is READY though the job failed is reported as a notice.

        Raises:
            PublishFailure: the store refused.

        """
        try:
            with self.problems(target, experiment):
                yield
        except BaseException as error:
            if published.model_version:
                self.link(published)
                # Where the registry doesn't answer, none of them counts as set.
                missing = list(aliases)
                with best_effort_cleanup(error):
                    missing = self._missing(published, aliases)
                self.log.notice(published.ready_despite_failure(missing))
            raise

    def retried(self, request: Callable[[], Got]) -> Got:
        """Ask a store, past MLflow's client, with the same retries."""
        return retried(request, self._renew)

    def has_job_ended(self, tags: Mapping[str, str], began: int) -> bool:
        """Whether the job that wrote these tags has ended; `began` in milliseconds since 1970."""
        return self.jobs.has_ended(tags, began, self._clock.now)

    def versions(self, name: str) -> Versions:
        """The versions of a registered model."""
        return Versions(self.client, self.stores.registry_uri, name)

    def known_experiment(self, name: str) -> str | None:
        """The id of an experiment, None when it doesn't exist yet.

        Raises:
            PublishFailure: it was deleted, or keeps artifacts where it may not.

        """
        found = self.client.get_experiment_by_name(name)
        if not found:
            return None
        experiment_id = str(found.experiment_id)
        if found.lifecycle_stage == LifecycleStage.DELETED:
            at_databricks = self.stores.tracks_at_databricks
            raise PublishFailure(
                experiment_errors.deleted(name, experiment_id, at_databricks=at_databricks)
            )
        self.check_location(found.artifact_location)
        return experiment_id

    def experiment(self, name: str) -> str:
        """The id of an experiment, which is created if it doesn't exist."""
        if known := self.known_experiment(name):
            return known

        def create() -> str:
            return str(self.client.create_experiment(name, self.stores.artifacts))

        try:
            return IdempotentCreate().create_or_find(create, lambda: self.known_experiment(name))
        except MlflowException as error:
            # Another job has created it meanwhile.
            if error.error_code == _EXISTS and (known := self.known_experiment(name)):
                return known
            raise

    def check_location(self, location: str) -> None:
        """Refuse to write artifacts to a place that an embedded store names outside of itself.

        Raises:
            PublishFailure: it is one.

        """
        if folder := self.stores.embedded_folder:
            embedded_store.check_location(location, folder)

    def set_aliases(
        self, versions: Versions, version: ModelVersion, labels: Labels, published: Published
    ) -> None:
        """Let the aliases point to the version, where the registry has any."""
        if versions.has_labels:
            moves = AliasMoves(versions, self._is_ancestor, published, self.log)
            moves.move(version, labels)
        else:
            self.note_no_labels(labels.aliases, "The tags are on the logged model.")

    def note_no_labels(self, aliases: Sequence[str], instead: str) -> None:
        """Say that the registry has neither tags nor aliases, and where the facts are `instead`."""
        left_out = "tags and no aliases" if aliases else "tags"
        self.log.notice(
            Problem(
                f"`registry-uri`: `{self.stores.registry_uri}` knows no {left_out} of model"
                f" versions: they were left out. {instead}"
            )
        )

    def link(self, published: Published) -> None:
        """Fill in the pages of what was published."""
        published.run_url = ui_links.run_url(
            self.stores.tracking_uri, self.identity, published.experiment_id, published.run_id
        )
        if published.model_version:
            published.model_url = ui_links.model_url(
                self.stores.registry_uri,
                self.identity,
                published.model_name,
                published.model_version,
            )

    def _missing(self, published: Published, aliases: Sequence[str]) -> list[str]:
        """Those of the aliases that aren't on the version which was published."""
        versions = self.versions(published.model_name)
        if not versions.has_labels:
            return []
        version = self.client.get_model_version(versions.name, published.model_version)
        return [alias for alias in aliases if alias not in version.aliases]

    def _explain(self, error: Exception, target: str, experiment: str) -> Problem:
        stores, detail = self.stores, store_errors.message_of(error)
        if stores.at_databricks and store_answers.is_login_refused(error):
            return replace(self._refused(), detail=detail)
        code = str(getattr(error, "error_code", None) or type(error).__name__)
        if problem := store_errors.explain_storage(error) or store_errors.explain(
            code,
            detail,
            ModelName.parse(target) if target and stores.registers_at_databricks else None,
            experiment if stores.tracks_at_databricks else "",
            self.identity.name,
        ):
            return replace(problem, detail=detail)
        where = f"`{stores.tracking_uri}`"
        if stores.registry_uri != stores.tracking_uri:
            where += f" (registry `{stores.registry_uri}`)"
        return Problem(f"Publishing to {where} failed: {code}.", detail=detail)


def _create_tables(stores: Stores, uri: str) -> None:
    """Let MLflow create its tables and its default experiment in an empty SQLite database."""
    # Late: it imports SQLAlchemy, which a job for a workspace does without.
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415

    store = SqlAlchemyStore(uri, stores.artifacts)  # type: ignore[no-untyped-call]
    store._dispose_engine()  # type: ignore[no-untyped-call]  # noqa: SLF001 - it keeps the file open
