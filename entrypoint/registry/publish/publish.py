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
from entrypoint.registry.idempotent_create import IdempotentCreate
from entrypoint.registry.interruption import best_effort_cleanup, deferred_signals, run_cancellable
from entrypoint.registry.labels import DIGEST, JOB, TARGET, Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.publish.aftermath import told_of
from entrypoint.registry.publish.earlier_versions import EarlierVersions
from entrypoint.registry.publish.leftovers import sweep
from entrypoint.registry.publish.model_files import identify
from entrypoint.registry.publish.registration import Registration
from entrypoint.registry.session import Session
from entrypoint.registry.versions import Versions
from entrypoint.runtime.errors import Cancelled, Problem
from entrypoint.runtime.log import Log


@dataclass(frozen=True)
class Publication:
    """What is to be published: a built model, and the name under which it is registered, if any.

    `once`: a version that another job made of the same digest meanwhile is taken instead.
    """

    model: Path
    manifest: Manifest
    registered_name: str | None
    labels: Labels
    once: bool = True


def publish(publication: Publication, session: Session, published: Published, log: Log) -> None:
    """Make the logged model and, when there is a registered name, the model version.

    `published` is filled in step by step. What can't be finished is ended: the run is FAILED or
    KILLED, the logged model FAILED, and no version is left that isn't READY.

    Raises:
        PublishFailure: the store refused.

    """
    target, experiment = publication.registered_name or "", publication.labels.experiment
    with (
        told_of(published, publication.labels.aliases, session),
        session.problems(target, experiment),
        tempfile.TemporaryDirectory(prefix="log-agent-") as folder,
    ):
        _Publishing(publication, session, published, log, Path(folder, "model")).run()


class _Publishing:
    def __init__(
        self,
        publication: Publication,
        session: Session,
        published: Published,
        log: Log,
        files: Path,
    ) -> None:
        self._publication = publication
        self._session = session
        self._client = session.client
        self._published = published
        self._log = log
        self._files = files
        self._labels = publication.labels
        self._digest = publication.manifest.digest
        self._id = uuid4().hex
        self._creator = IdempotentCreate()

    def run(self) -> None:
        published, session = self._published, self._session
        published.experiment_id = published.experiment_id or session.experiment(
            self._labels.experiment
        )
        if self._publication.registered_name and not self._publication.once:
            # A job that looks for the digest first has done it then.
            sweep(
                session,
                session.versions(self._publication.registered_name),
                published.experiment_id,
            )
        with self._run() as run, self._logged_model(run) as model:
            self._upload(run, model)
            published.logged_model_uri = model.model_uri
            if not self._publication.registered_name:
                return
            versions = session.versions(self._publication.registered_name)
            registration = Registration(
                versions,
                self._creator,
                run_id=run.info.run_id,
                published=published,
                log=self._log,
                are_others=lambda: self._are_others(run),
            )
            version = registration.version(model, self._files, self._labels)
            history = EarlierVersions(session, versions, published.experiment_id, self._digest)
            if self._publication.once and (
                earlier := registration.earlier(version, lambda: history.earlier(version))
            ):
                version = self._give_way(history, versions, model, version, earlier)
        if self._creator.in_doubt or history.has_waited:
            sweep(session, versions, published.experiment_id, self._id)
            history.clear()
        session.link(published)
        # Last: whoever follows an alias finds a version that is complete.
        session.set_aliases(versions, version, self._labels, published)

    @property
    def _run_tags(self) -> dict[str, str]:
        name = self._publication.registered_name
        aim = {TARGET: name} if name else {}
        return {**self._labels.run_tags, DIGEST: self._digest, JOB: self._id, **aim}

    @contextmanager
    def _run(self) -> Iterator[Run]:
        """The run to which the logged model belongs; it ends whatever happens."""
        client, experiment = self._client, self._published.experiment_id
        run: Run | None = None

        def create() -> Run:
            return client.create_run(
                experiment, run_name=self._labels.run_name, tags=self._run_tags
            )

        def find() -> Run | None:
            found = client.search_runs([experiment], f"tags.{JOB} = '{self._id}'")
            return found[0] if found else None

        def end(run: Run, status: int) -> None:
            client.set_terminated(run.info.run_id, RunStatus.to_string(status))

        try:
            with deferred_signals():
                run = self._creator.make(create, find)
                self._published.run_id = run.info.run_id
            yield run
            with deferred_signals():
                end(run, RunStatus.FINISHED)
        except BaseException as error:
            with best_effort_cleanup(error):
                if run := run or find():
                    is_cancelled = isinstance(error, Cancelled)
                    end(run, RunStatus.KILLED if is_cancelled else RunStatus.FAILED)
            raise

    @contextmanager
    def _logged_model(self, run: Run) -> Iterator[LoggedModel]:
        """A logged model that is there before its files are; FAILED if they never come."""
        client, experiment = self._client, self._published.experiment_id
        model: LoggedModel | None = None

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

        try:
            with deferred_signals():
                model = self._creator.make(create, find)
            yield model
        except BaseException as error:
            if not self._published.logged_model_uri:
                with best_effort_cleanup(error):
                    if model := model or find():
                        client.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED)
            raise

    def _upload(self, run: Run, model: LoggedModel) -> None:
        self._session.check_location(model.artifact_location)
        identity = {
            "artifact_path": model.artifact_location,
            "model_id": model.model_id,
            "model_uuid": model.model_id,
            "run_id": run.info.run_id,
        }
        identify(self._publication.model, self._files, self._publication.manifest, identity)
        self._link_output(run.info.run_id, model.model_id)
        files = str(self._files)
        run_cancellable(lambda: self._client.log_model_artifacts(model.model_id, files))
        self._client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)

    def _link_output(self, run_id: str, model_id: str) -> None:
        """Make the logged model an output of the run; a second time, a store would refuse it."""

        def create() -> bool:
            self._client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
            return True

        def find() -> bool | None:
            outputs = self._client.get_run(run_id).outputs
            found = outputs.model_outputs if outputs else []
            return any(each.model_id == model_id for each in found) or None

        self._creator.make(create, find)

    def _are_others(self, ours: Run) -> bool:
        """Whether another job publishes to the same registered model."""
        running = self._client.search_runs(
            [self._published.experiment_id],
            f"attributes.status = '{RunStatus.to_string(RunStatus.RUNNING)}'"
            f" and tags.{TARGET} = '{self._publication.registered_name}'",
        )
        return any(run.info.run_id != ours.info.run_id for run in running)

    def _give_way(
        self,
        history: EarlierVersions,
        versions: Versions,
        model: LoggedModel,
        ours: ModelVersion,
        there: tuple[ModelVersion, LoggedModel],
    ) -> ModelVersion:
        """Delete what another job made too; the version that stays, with our commit noted on it."""
        earlier, earlier_model = there
        said = (
            f"`{versions.name}`: another job registered the same agent as version"
            f" {earlier.version} at the same time; "
        )
        if aliases := versions.whole(ours).aliases:
            named = ", ".join(f"`{alias}`" for alias in aliases)
            said += f"version {ours.version}, which this job made, stays too: {named} is on it."
            self._log.notice(Problem(said))
            return ours
        # First: a signal or an error may come in between, and then the truth is told.
        self._published.take(earlier, earlier_model)
        versions.delete(ours)
        self._client.delete_logged_model(model.model_id)
        said += f"it is taken, and version {ours.version}, which this job made, was deleted."
        self._log.notice(Problem(said))
        stays = versions.whole(earlier)
        history.record_commit(earlier_model, stays, self._labels.commit)
        return stays
