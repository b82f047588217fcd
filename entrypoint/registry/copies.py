"""The versions of a model that have the content of another one, and what jobs left half made."""

import time

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.labels import DIGEST, RUN_ID
from entrypoint.registry.source import Source
from entrypoint.registry.versions import READY, Versions

_PENDING = "PENDING_REGISTRATION"
# Seconds after which a job that still seems to copy is taken for dead.
_LONGEST_JOB = 3600
# How long another job's copy is waited for.
_POLL_SECONDS = 2
_POLLS = 30


class Copies:
    """The versions of the model `versions` that have the content of a source.

    A copy keeps the run of its source. `workflow_run`: the id of the job's own.
    """

    def __init__(
        self, client: MlflowClient, versions: Versions, source: Source, workflow_run: str
    ) -> None:
        self._client = client
        self._versions = versions
        self._source = source
        self._workflow_run = workflow_run
        self._before: set[str] = set()

    def ready(self) -> ModelVersion | None:
        """The newest READY one, whole, also of another run with the same digest.

        What dead jobs left half made is removed.
        """
        found = self._living(self._versions.of_runs(self._runs()))
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
        for; whoever isn't done by then is taken for dead.
        """
        run_id = str(ours.run_id)
        for _ in range(_POLLS):
            found = self._living(self._versions.of_runs([run_id]))
            before = [each for each in found if _number(each) < _number(ours)]
            ready = [each for each in before if each.status == READY]
            if ready or not before:
                return min(ready, key=_number, default=None)
            time.sleep(_POLL_SECONDS)
        for version in before:
            self._versions.delete(version)
        return None

    def is_ours(self, version: ModelVersion) -> bool:
        """Whether a half-made version is this job's, or an earlier attempt's of its workflow run.

        Without tags to tell: whether it wasn't there when the job began.
        """
        if not self._versions.has_labels:
            return str(version.version) not in self._before
        tags = self._versions.whole(version).tags
        return tags.get(RUN_ID, "") == self._workflow_run

    def _living(self, versions: list[ModelVersion]) -> list[ModelVersion]:
        """Those that are READY or will be; the others are deleted.

        What another run left is for the jobs that register.
        """
        own = [each for each in versions if each.run_id == self._source.version.run_id]
        dead = [each for each in own if each.status != READY and self._is_dead(each)]
        for version in dead:
            self._versions.delete(version)
        return [each for each in versions if each not in dead]

    def _is_dead(self, version: ModelVersion) -> bool:
        too_old = time.time() - version.creation_timestamp / 1000 > _LONGEST_JOB
        return version.status != _PENDING or too_old or self.is_ours(version)

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
