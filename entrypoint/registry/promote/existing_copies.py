"""The versions of a model that have the content of another model's version."""

from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.labels import DIGEST, JOB
from entrypoint.registry.promote.source_version import SourceVersion
from entrypoint.registry.session import Session
from entrypoint.registry.version_creation import OtherVersion
from entrypoint.registry.versions import PENDING, READY, Versions, number


class ExistingCopies:
    """The versions of the model `versions` that have the content of a source.

    A copy has the run of its source, so its own tags name the job that created it. `job_id`: the
    tag of this job's own copies.
    """

    def __init__(
        self, session: Session, versions: Versions, source: SourceVersion, job_id: str
    ) -> None:
        self._session = session
        self._versions = versions
        self._source = source
        self._job_id = job_id
        self._before: set[str] = set()

    def ready(self) -> ModelVersion | None:
        """The newest READY one, with its tags, also of another run with the same digest.

        What jobs that have ended left incomplete is deleted.
        """
        found = self._without_abandoned(self._versions.find_by_runs(self._runs()))
        self._before = {str(each.version) for each in found}
        for version in reversed(found):
            if version.status == READY:
                whole = self._versions.whole(version)
                if self._has_digest(whole):
                    return whole
        return None

    def before(self, ours: ModelVersion) -> list[OtherVersion]:
        """The copies of other jobs with lower numbers that are READY, or being created."""
        found = self._without_abandoned(self._versions.find_by_runs([str(ours.run_id)]))
        return [
            OtherVersion(
                each,
                {} if each.status == READY else self._versions.tags_of(each),
                f"MlflowClient().delete_model_version({ours.name!r}, {str(each.version)!r})",
            )
            for each in found
            if number(each) < number(ours)
        ]

    def is_ours(self, version: ModelVersion) -> bool:
        """Whether an incomplete version is this job's.

        In a registry without tags: whether it wasn't there when the job began.
        """
        if not self._versions.has_labels:
            return str(version.version) not in self._before
        return self._versions.tags_of(version).get(JOB) == self._job_id

    def _without_abandoned(self, versions: list[ModelVersion]) -> list[ModelVersion]:
        """Those that are READY or will be; the others are deleted.

        What another run left is for the jobs that register.
        """
        run_id = self._source.version.run_id
        abandoned = [
            each for each in versions if each.run_id == run_id and self._is_abandoned(each)
        ]
        for version in abandoned:
            self._versions.delete(version)
            self._session.log.line(
                f"version {version.version} of `{version.name}` was left half made, and is deleted"
            )
        return [each for each in versions if each not in abandoned]

    def _is_abandoned(self, version: ModelVersion) -> bool:
        if version.status == READY:
            return False
        tags = self._versions.tags_of(version)
        return version.status != PENDING or self._session.has_job_ended(
            tags, version.creation_timestamp
        )

    def _runs(self) -> set[str]:
        """The runs that logged a model with the digest of the source."""
        runs = {self._source.version.run_id}
        if self._source.model:
            found = self._session.client.search_logged_models(
                [self._source.model.experiment_id],
                filter_string=f"tags.{DIGEST} = '{self._source.digest}'",
            )
            runs |= {model.source_run_id for model in found}
        return {run for run in runs if run}

    def _has_digest(self, version: ModelVersion) -> bool:
        return not self._versions.has_labels or version.tags.get(DIGEST) == self._source.digest
