"""What was published of a digest before, by this job or another."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelStatus, Run, RunStatus
from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.labels import COMMITS, DIGEST, RUN_ID
from entrypoint.registry.versions import READY, Versions

# Of a run: the job, by which a create that was answered by nothing is found, and its aim.
JOB = "log_agent_job"
TARGET = "log_agent_target"
_RUNNING = RunStatus.to_string(RunStatus.RUNNING)
_FINISHED = RunStatus.to_string(RunStatus.FINISHED)
# Seconds after which a job that still seems to publish is taken for dead.
_LONGEST_JOB = 3600
_NEWEST = 50
# How long another job's version, which is being made, is waited for.
_POLL_SECONDS = 2
_POLLS = 30


@dataclass(frozen=True)
class Edition:
    """One logged model of a digest, and the versions made of it."""

    model: LoggedModel
    versions: tuple[ModelVersion, ...]

    @property
    def run_id(self) -> str:
        return str(self.model.source_run_id)

    @property
    def ready(self) -> tuple[ModelVersion, ...]:
        """The versions that are complete, oldest first."""
        return tuple(version for version in self.versions if version.status == READY)

    @property
    def half_made(self) -> tuple[ModelVersion, ...]:
        """The versions that are not, or never will be."""
        return tuple(version for version in self.versions if version.status != READY)

    @property
    def is_open(self) -> bool:
        """Whether something of it is neither complete nor given up."""
        return bool(self.half_made) or self.model.status == LoggedModelStatus.PENDING


class History:
    """The editions of one digest in an experiment.

    They are found by the tag of the logged model and then by its run: searching versions, Unity
    Catalog knows no tags, and the logged model's own list of versions is written after the fact.
    """

    def __init__(
        self, client: MlflowClient, versions: Versions, experiment_id: str, digest: str
    ) -> None:
        self._client = client
        self._versions = versions
        self._experiment_id = experiment_id
        self._digest = digest

    def editions(self) -> list[Edition]:
        """The editions, newest first."""
        models = self._client.search_logged_models(
            [self._experiment_id],
            filter_string=f"tags.{DIGEST} = '{self._digest}'",
            max_results=_NEWEST,
            order_by=[{"field_name": "creation_timestamp", "ascending": False}],
        )
        versions = self._versions.of_runs(
            model.source_run_id for model in models if model.source_run_id
        )
        return [
            Edition(model, tuple(v for v in versions if v.run_id == model.source_run_id))
            for model in models
        ]

    def earlier(self, ours: ModelVersion) -> tuple[ModelVersion, LoggedModel] | None:
        """The READY version of the digest that another job made before ours, meanwhile.

        The lowest number wins, so that of two jobs one gives way. One that is being made is waited
        for, as long as its job lives.
        """
        for _ in range(_POLLS):
            before = [
                (version, edition.model)
                for edition in self.editions()
                for version in edition.versions
                if _number(version) < _number(ours) and version.run_id != ours.run_id
            ]
            ready = [pair for pair in before if pair[0].status == READY]
            if ready:
                return min(ready, key=lambda pair: _number(pair[0]))
            running = _running(self._unfinished()) if before else set()
            if not running & {version.run_id for version, _ in before}:
                break
            time.sleep(_POLL_SECONDS)
        return None

    def record_commit(self, edition: Edition, version: ModelVersion, commit: str) -> None:
        """Note on the version (a whole one) and its logged model that this commit is the same."""
        has_labels = self._versions.has_labels
        known = version.tags if has_labels else edition.model.tags
        commits = with_commit(known, commit)
        if commit and commits != known.get(COMMITS):
            if has_labels:
                self._versions.tag(version, {COMMITS: commits})
            self._client.set_logged_model_tags(edition.model.model_id, {COMMITS: commits})

    def clear(self, run_tags: Mapping[str, str]) -> list[Edition]:
        """Remove what dead jobs left half made, and end their runs; the editions that are left.

        `run_tags`: of the job that asks. Dead is a job whose run has ended, that was an earlier
        attempt of the same workflow run with the same aim, or that is too old.
        """
        editions = self.editions()
        unfinished = self._unfinished()
        dead = {id_ for id_, run in unfinished.items() if self._is_dead(run, run_tags)}
        living = _running(unfinished) - dead
        if any(edition.is_open and edition.run_id not in living for edition in editions):
            # A job may have ended just now, with all complete: seen again, it is for good.
            known = {edition.model.model_id for edition in editions}
            editions = [each for each in self.editions() if each.model.model_id in known]
        editions = [
            each if each.run_id in living else self._without_half_made(each) for each in editions
        ]
        editions = self._without_duplicates(editions, set(unfinished) - living)
        for run_id in dead:
            self._client.set_terminated(run_id, RunStatus.to_string(RunStatus.KILLED))
        return editions

    def _without_half_made(self, edition: Edition) -> Edition:
        for version in edition.half_made:
            self._versions.delete(version)
        if edition.model.status == LoggedModelStatus.PENDING:
            self._client.finalize_logged_model(edition.model.model_id, LoggedModelStatus.FAILED)
        return replace(edition, versions=edition.ready)

    def _without_duplicates(self, editions: list[Edition], failed: set[str]) -> list[Edition]:
        """Without what a job made that failed before it could give way to an earlier one."""
        ready = sorted((v for each in editions for v in each.ready), key=_number)
        gone = []
        for version in ready[1:]:
            if version.run_id in failed and not self._versions.whole(version).aliases:
                self._versions.delete(version)
                gone.append(version)
        return [
            replace(each, versions=tuple(v for v in each.versions if v not in gone))
            for each in editions
        ]

    def _unfinished(self) -> dict[str, Run]:
        """The runs of the digest that have not ended well: they run, have failed or were killed."""
        found = self._client.search_runs(
            [self._experiment_id],
            f"attributes.status != '{_FINISHED}' and tags.{DIGEST} = '{self._digest}'",
        )
        return {run.info.run_id: run for run in found}

    def _is_dead(self, run: Run, run_tags: Mapping[str, str]) -> bool:
        """Whether it runs, and nobody does anything for it any more."""
        if run.info.status != _RUNNING:
            return False
        tags = run.data.tags
        is_ours = tags.get(JOB) == run_tags.get(JOB, "")
        was_tried_before = (
            tags.get(RUN_ID) == run_tags.get(RUN_ID, "") and tags.get(TARGET) == self._versions.name
        )
        too_old = time.time() - run.info.start_time / 1000 > _LONGEST_JOB
        return is_ours or was_tried_before or too_old


def _running(runs: Mapping[str, Run]) -> set[str]:
    return {id_ for id_, run in runs.items() if run.info.status == _RUNNING}


def _number(version: ModelVersion) -> int:
    return int(version.version)


def with_commit(tags: Mapping[str, str], commit: str) -> str:
    """The commits of a version with one more, newest first: as many as a tag's value holds."""
    known = tags.get(COMMITS, "").split()
    if commit in known:
        return tags[COMMITS]
    commits = [commit, *known]
    while len(" ".join(commits)) > _LONGEST_VALUE:
        commits.pop()
    return " ".join(commits)


# https://docs.databricks.com/en/database-objects/tags.html
_LONGEST_VALUE = 1000
