"""The versions of a digest that this job or others have registered before."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from mlflow.entities import LoggedModel, LoggedModelStatus, Run, RunStatus
from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.labels import COMMITS, DIGEST
from entrypoint.registry.release_labels import PROMOTED_FROM
from entrypoint.registry.session import Session
from entrypoint.registry.version_creation import OtherVersion
from entrypoint.registry.versions import READY, Versions, number

RUNNING = RunStatus.to_string(RunStatus.RUNNING)
KILLED = RunStatus.to_string(RunStatus.KILLED)
_FINISHED = RunStatus.to_string(RunStatus.FINISHED)
_MAX_MODELS = 50
# https://docs.databricks.com/en/database-objects/tags.html
_MAX_TAG_LENGTH = 1000


@dataclass(frozen=True)
class DigestVersion:
    """One logged model of a digest, and the versions of it."""

    model: LoggedModel
    versions: tuple[ModelVersion, ...]

    @property
    def run_id(self) -> str:
        return str(self.model.source_run_id)

    @property
    def ready(self) -> tuple[ModelVersion, ...]:
        """The versions that are READY, oldest first."""
        return tuple(version for version in self.versions if version.status == READY)

    @property
    def is_incomplete(self) -> bool:
        """Whether the logged model or a version of it is neither complete nor given up."""
        return len(self.ready) < len(self.versions) or self.is_pending

    @property
    def is_pending(self) -> bool:
        """Whether the logged model's files are not there yet."""
        return bool(self.model.status == LoggedModelStatus.PENDING)

    def without(self, deleted: Collection[ModelVersion]) -> "DigestVersion":
        return replace(self, versions=tuple(v for v in self.versions if v not in deleted))


class EarlierVersions:
    """The logged models of one digest in an experiment, with their versions.

    They are found by the tag of the logged model and then by its run: in Unity Catalog, a search
    for versions can't use tags, and the logged model's own list of versions is written after them.
    """

    def __init__(
        self, session: Session, versions: Versions, experiment_id: str, digest: str
    ) -> None:
        self._session = session
        self._client = session.client
        self._versions = versions
        self._experiment_id = experiment_id
        self._digest = digest
        self._models: dict[str, LoggedModel] = {}

    def all(self) -> list[DigestVersion]:
        """All of them, newest first."""
        models = self._client.search_logged_models(
            [self._experiment_id],
            filter_string=f"tags.{DIGEST} = '{self._digest}'",
            max_results=_MAX_MODELS,
            order_by=[{"field_name": "creation_timestamp", "ascending": False}],
        )
        self._models = {model.source_run_id: model for model in models if model.source_run_id}
        versions = self._versions.find_by_runs(self._models)
        return [
            DigestVersion(model, tuple(v for v in versions if v.run_id == model.source_run_id))
            for model in models
        ]

    def model_of(self, version: ModelVersion) -> LoggedModel:
        """The logged model of a version that was found last."""
        return self._models[str(version.run_id)]

    def before(self, ours: ModelVersion) -> list[OtherVersion]:
        """The versions of other jobs with lower numbers than ours: those READY, else unfinished.

        The unfinished ones are those whose jobs aren't known to have ended.
        """
        others = [
            OtherVersion(version)
            for each in self.all()
            for version in each.versions
            if number(version) < number(ours) and version.run_id != ours.run_id
        ]
        ready = [each for each in others if each.version.status == READY]
        if ready or not others:
            return ready
        running = self._without_ended(self._unfinished_runs())
        return [
            replace(
                each,
                job_tags=running[run_id].data.tags,
                remedy=f"MlflowClient().set_terminated({run_id!r}, 'KILLED')",
            )
            for each in others
            if (run_id := str(each.version.run_id)) in running
        ]

    def record_commit(self, model: LoggedModel, version: ModelVersion, commit: str) -> None:
        """Note on the version (with its tags) and its logged model that this commit is the same."""
        has_labels = self._versions.has_labels
        known = version.tags if has_labels else model.tags
        commits = with_commit(known, commit)
        if commit and commits != known.get(COMMITS):
            if has_labels:
                self._versions.tag(version, {COMMITS: commits})
            self._client.set_logged_model_tags(model.model_id, {COMMITS: commits})

    def clear(self) -> list[DigestVersion]:
        """Remove what jobs that have ended left incomplete or twice; those that are left.

        Our own run is one of those: none may be under way.
        """
        found = self.all()
        is_complete = not any(each.is_incomplete for each in found)
        if is_complete and sum(len(each.ready) for each in found) <= 1:
            return found
        unfinished = self._unfinished_runs()
        running = self._without_ended(unfinished)
        if not is_complete:
            # A job may have completed its version and ended meanwhile: after this, it can't.
            known = {each.model.model_id for each in found}
            found = [each for each in self.all() if each.model.model_id in known]
        ended = unfinished.keys() - running.keys()
        deleted = [
            version
            for each in found
            if each.run_id not in running
            for version in self._remove_incomplete(each)
        ]
        for run_id in ended:
            if unfinished[run_id].info.status == RUNNING:
                self._client.set_terminated(run_id, KILLED)
        deleted += self._delete_duplicates(found, ended)
        return [each.without(deleted) for each in found]

    def remove_incomplete(self, run_id: str) -> list[str]:
        """Remove what the job of a run, which has ended, left incomplete; its names."""
        removed = []
        for each in self.all():
            if each.run_id == run_id and each.is_incomplete:
                removed += [f"version {gone.version}" for gone in self._remove_incomplete(each)]
                if each.is_pending:
                    removed.append(f"logged model {each.model.model_id}")
        return removed

    def _remove_incomplete(self, found: DigestVersion) -> list[ModelVersion]:
        """Delete the versions that aren't READY; a logged model without its files is FAILED."""
        deleted = [
            version
            for version in found.versions
            if version.status != READY and not self._is_being_promoted(version)
        ]
        for version in deleted:
            self._versions.delete(version)
        if found.is_pending:
            self._client.finalize_logged_model(found.model.model_id, LoggedModelStatus.FAILED)
        return deleted

    def _is_being_promoted(self, version: ModelVersion) -> bool:
        """Whether it is a promotion's copy, which has the run of its source, and isn't done yet."""
        tags = self._versions.tags_of(version)
        return PROMOTED_FROM in tags and not self._session.has_job_ended(
            tags, version.creation_timestamp
        )

    def _delete_duplicates(
        self, found: list[DigestVersion], ended: Collection[str]
    ) -> list[ModelVersion]:
        """Delete what a job created that failed before it could yield to an earlier version."""
        ready = sorted((version for each in found for version in each.ready), key=number)
        deleted = [
            version
            for version in ready[1:]
            if version.run_id in ended and not self._versions.whole(version).aliases
        ]
        for version in deleted:
            self._versions.delete(version)
        return deleted

    def _unfinished_runs(self) -> dict[str, Run]:
        """The digest's runs by their ids that aren't FINISHED: they run, failed or were killed."""
        found = self._client.search_runs(
            [self._experiment_id],
            f"attributes.status != '{_FINISHED}' and tags.{DIGEST} = '{self._digest}'",
        )
        return {run.info.run_id: run for run in found}

    def _without_ended(self, runs: Mapping[str, Run]) -> dict[str, Run]:
        """Those whose jobs aren't known to have ended."""
        return {id_: run for id_, run in runs.items() if not has_ended(run, self._session)}


def has_ended(run: Run, session: Session) -> bool:
    """Whether no job works on a run any more."""
    return run.info.status != RUNNING or session.has_job_ended(run.data.tags, run.info.start_time)


def with_commit(tags: Mapping[str, str], commit: str) -> str:
    """The commits of a version with one more, newest first: as many as a tag's value can have."""
    known = tags.get(COMMITS, "").split()
    if commit in known:
        return tags[COMMITS]
    commits = [commit, *known]
    while len(" ".join(commits)) > _MAX_TAG_LENGTH:
        commits.pop()
    return " ".join(commits)
