"""Publishing: the directory that was built becomes a logged model and a model version."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus, Run, RunStatus
from mlflow.entities.model_registry import ModelVersion

from entrypoint.agent.manifest import Manifest
from entrypoint.registry.cancellation import deferred_signals, run_cancellable
from entrypoint.registry.idempotent_create import IdempotentCreate
from entrypoint.registry.labels import DIGEST, JOB, TARGET, Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.publish.abandoned_runs import end_abandoned_runs
from entrypoint.registry.publish.earlier_versions import RUNNING, EarlierVersions
from entrypoint.registry.publish.model_files import copy_with_ids
from entrypoint.registry.session import Session
from entrypoint.registry.version_creation import VersionCreation
from entrypoint.registry.versions import Versions
from entrypoint.runtime.errors import Cancelled


@dataclass(frozen=True)
class Publication:
    """What is to be published: a built model, and the name under which it is registered, if any.

    `once`: a version of the same digest that another job creates at the same time is taken instead.
    """

    model: Path
    manifest: Manifest
    registered_name: str | None
    labels: Labels
    once: bool = True


def publish(publication: Publication, session: Session, published: Published) -> None:
    """Create the logged model and, when there is a registered name, the model version.

    `published` is filled in step by step. What can't be completed is ended: the run is FAILED or
    KILLED, the logged model FAILED, and no version is left that isn't READY.

    Raises:
        PublishFailure: the store refused.

    """
    labels, target = publication.labels, publication.registered_name or ""
    with (
        session.publishing(published, labels.aliases, target, labels.experiment),
        tempfile.TemporaryDirectory(prefix="log-agent-") as folder,
    ):
        _Publishing(publication, session, published, Path(folder, "model")).run()


class _Publishing:
    def __init__(
        self, publication: Publication, session: Session, published: Published, files: Path
    ) -> None:
        self._publication = publication
        self._session = session
        self._client = session.client
        self._published = published
        self._files = files
        self._name = publication.registered_name
        self._labels = publication.labels
        self._digest = publication.manifest.digest
        self._id = uuid4().hex
        self._creator = IdempotentCreate()

    def run(self) -> None:
        published, session = self._published, self._session
        published.experiment_id = published.experiment_id or session.experiment(
            self._labels.experiment
        )
        versions = session.versions(self._name) if self._name else None
        if versions and not self._publication.once:
            # A job that looks for the digest first has done it then.
            end_abandoned_runs(session, versions, published.experiment_id)
        with self._run() as run, self._logged_model(run) as model:
            self._upload(run, model)
            published.logged_model_uri = model.model_uri
            if not versions:
                return
            earlier = EarlierVersions(session, versions, published.experiment_id, self._digest)
            creation = self._version_creation(versions, run)
            version = creation.create(
                lambda: versions.create(
                    model, self._files, self._labels.tags, self._labels.description
                )
            )
            if self._publication.once:
                version = self._yield_to_earlier(creation, earlier, versions, model, version)
        if self._creator.in_doubt or creation.has_waited:
            end_abandoned_runs(session, versions, published.experiment_id, self._id)
            earlier.clear()
        session.link(published)
        # Last: who follows an alias finds a version that is complete.
        session.set_aliases(versions, version, self._labels, published)

    @contextmanager
    def _run(self) -> Iterator[Run]:
        """The run to which the logged model belongs, which is ended in any case."""
        client, experiment = self._client, self._published.experiment_id
        target = {TARGET: self._name} if self._name else {}
        tags = {**self._labels.run_tags, DIGEST: self._digest, JOB: self._id, **target}

        def create() -> Run:
            return client.create_run(experiment, run_name=self._labels.run_name, tags=tags)

        def find() -> Run | None:
            found = client.search_runs([experiment], f"tags.{JOB} = '{self._id}'")
            return found[0] if found else None

        def end(run: Run, status: int) -> None:
            self._published.run_id = self._published.run_id or run.info.run_id
            client.set_terminated(run.info.run_id, RunStatus.to_string(status))

        def give_up(run: Run, error: BaseException) -> None:
            is_cancelled = isinstance(error, Cancelled)
            end(run, RunStatus.KILLED if is_cancelled else RunStatus.FAILED)

        with self._creator.created(create, find, give_up) as run:
            self._published.run_id = run.info.run_id
            yield run
            with deferred_signals():
                end(run, RunStatus.FINISHED)

    @contextmanager
    def _logged_model(self, run: Run) -> Iterator[LoggedModel]:
        """A logged model that exists before its files do; FAILED if they are never complete."""
        client, experiment = self._client, self._published.experiment_id

        def create() -> LoggedModel:
            return client.create_logged_model(
                experiment_id=experiment,
                name=self._labels.logged_model_name,
                source_run_id=run.info.run_id,
                tags=dict(self._labels.tags),
                model_type="agent",
            )

        def find() -> LoggedModel | None:
            found = client.search_logged_models([experiment], f"tags.{DIGEST} = '{self._digest}'")
            return next((each for each in found if each.source_run_id == run.info.run_id), None)

        def give_up(model: LoggedModel, _: BaseException) -> None:
            if not self._published.logged_model_uri:
                client.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED)

        with self._creator.created(create, find, give_up) as model:
            yield model

    def _upload(self, run: Run, model: LoggedModel) -> None:
        self._session.check_location(model.artifact_location)
        identity = {
            "artifact_path": model.artifact_location,
            "model_id": model.model_id,
            "model_uuid": model.model_id,
            "run_id": run.info.run_id,
        }
        copy_with_ids(self._publication.model, self._files, self._publication.manifest, identity)
        self._link_output(run.info.run_id, model.model_id)
        files = str(self._files)
        run_cancellable(lambda: self._client.log_model_artifacts(model.model_id, files))
        self._client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)

    def _link_output(self, run_id: str, model_id: str) -> None:
        """Make the logged model an output of the run; a store refuses that a second time."""

        def create() -> bool:
            self._client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
            return True

        def find() -> bool | None:
            outputs = self._client.get_run(run_id).outputs
            found = outputs.model_outputs if outputs else []
            return any(each.model_id == model_id for each in found) or None

        self._creator.create_or_find(create, find)

    def _version_creation(self, versions: Versions, run: Run) -> VersionCreation:
        return VersionCreation(
            self._session,
            versions,
            self._creator,
            run_id=run.info.run_id,
            published=self._published,
            are_others=lambda: self._are_others(run),
        )

    def _are_others(self, ours: Run) -> bool:
        """Whether another job publishes to the same registered model."""
        running = self._client.search_runs(
            [self._published.experiment_id],
            f"attributes.status = '{RUNNING}' and tags.{TARGET} = '{self._name}'",
        )
        return any(run.info.run_id != ours.info.run_id for run in running)

    def _yield_to_earlier(
        self,
        creation: VersionCreation,
        earlier: EarlierVersions,
        versions: Versions,
        model: LoggedModel,
        ours: ModelVersion,
    ) -> ModelVersion:
        """The version that stays; where that is another job's, our commit is noted on it."""

        def take(other: ModelVersion) -> None:
            uri = earlier.model_of(other).model_uri
            self._published.reuse(other.name, other.version, str(other.run_id), uri)

        other = creation.yield_to_earlier(
            ours, lambda: earlier.before(ours), take, "registered the same agent"
        )
        if other is None:
            return ours
        self._client.delete_logged_model(model.model_id)
        version = versions.whole(other)
        earlier.record_commit(earlier.model_of(other), version, self._labels.commit)
        return version
