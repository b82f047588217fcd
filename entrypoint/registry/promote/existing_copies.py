"""The versions of a model that have the content of another one, and what jobs left half made."""

from datetime import UTC, datetime

from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.labels import DIGEST, JOB
from entrypoint.registry.promote.source_version import SourceVersion
from entrypoint.registry.session import Session
from entrypoint.registry.versions import READY, Versions
from entrypoint.registry.waiting import Wait

_PENDING = "PENDING_REGISTRATION"


class ExistingCopies:
    """The versions of the model `versions` that have the content of a source.

    A copy keeps the run of its source, so it is its own tags that tell of its job. `job_id`: of
    the job's own copies.
    """

    def __init__(
        self, session: Session, versions: Versions, source: SourceVersion, job_id: str
    ) -> None:
        self._session = session
        self._client = session.client
        self._jobs = session.jobs
        self._versions = versions
        self._source = source
        self._job_id = job_id
        self._before: set[str] = set()

    def ready(self) -> ModelVersion | None:
        """The newest READY one, whole, also of another run with the same digest.

        What jobs left half made that have ended is removed.
        """
        found = self._living(self._versions.of_runs(self._runs()), None)
        self._before = {str(each.version) for each in found}
        for version in sorted(found, key=_number, reverse=True):
            if version.status == READY:
                whole = self._versions.whole(version)
                if self._has_digest(whole):
                    return whole
        return None

    def earlier(self, ours: ModelVersion) -> ModelVersion | None:
        """The READY copy that another job made before ours, meanwhile.

        The lowest number wins, so that of two jobs one gives way. One that is being made is waited
        for, as long as its job isn't known to have ended.

        Raises:
            InVain: it was waited for in vain.

        """
        run_id = str(ours.run_id)
        wait = Wait(self._jobs.patience, self._session.log)
        while True:
            found = self._living(self._versions.of_runs([run_id]), ours)
            before = [each for each in found if _number(each) < _number(ours)]
            ready = [each for each in before if each.status == READY]
            if ready or not before:
                return min(ready, key=_number, default=None)
            other = self._jobs.named(self._versions.tags_of(before[0]))
            number = str(before[0].version)
            wait.pause(
                f"version {number} of `{ours.name}`, which {other} is making",
                f"MlflowClient().delete_model_version({ours.name!r}, {number!r})",
            )

    def is_ours(self, version: ModelVersion) -> bool:
        """Whether a half-made version is this job's.

        Without tags to tell: whether it wasn't there when the job began.
        """
        if not self._versions.has_labels:
            return str(version.version) not in self._before
        return self._versions.tags_of(version).get(JOB) == self._job_id

    def _living(
        self, versions: list[ModelVersion], ours: ModelVersion | None
    ) -> list[ModelVersion]:
        """Those that are READY or will be; the others are deleted.

        What another run left is for the jobs that register. `ours`: the copy that was just made, by
        which the registry's time is known.
        """
        own = [each for each in versions if each.run_id == self._source.version.run_id]
        dead = [each for each in own if each.status != READY and self._is_dead(each, ours)]
        for version in dead:
            self._versions.delete(version)
            self._session.log.line(
                f"version {version.version} of `{version.name}` was left half made, and is deleted"
            )
        return [each for each in versions if each not in dead]

    def _is_dead(self, version: ModelVersion, ours: ModelVersion | None) -> bool:
        def now() -> datetime | None:
            return datetime.fromtimestamp(ours.creation_timestamp / 1000, UTC) if ours else None

        tags = self._versions.tags_of(version)
        return version.status != _PENDING or self._jobs.has_ended(
            tags, version.creation_timestamp, now
        )

    def _runs(self) -> set[str]:
        """The runs that logged a model with the digest of the source."""
        runs = {self._source.version.run_id}
        if self._source.model:
            found = self._client.search_logged_models(
                [self._source.model.experiment_id],
                filter_string=f"tags.{DIGEST} = '{self._source.digest}'",
            )
            runs |= {model.source_run_id for model in found}
        return {run for run in runs if run}

    def _has_digest(self, version: ModelVersion) -> bool:
        return not self._versions.has_labels or version.tags.get(DIGEST) == self._source.digest


def _number(version: ModelVersion) -> int:
    return int(version.version)
