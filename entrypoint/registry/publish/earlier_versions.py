"""What was published of a digest before, by this job or another."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mlflow.entities import LoggedModel, LoggedModelStatus, Run, RunStatus
from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.labels import COMMITS, DIGEST
from entrypoint.registry.release_labels import PROMOTED_FROM
from entrypoint.registry.session import Session
from entrypoint.registry.versions import READY, Versions
from entrypoint.registry.waiting import Wait

RUNNING = RunStatus.to_string(RunStatus.RUNNING)
_FINISHED = RunStatus.to_string(RunStatus.FINISHED)
_NEWEST = 50


@dataclass(frozen=True)
class DigestVersion:
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


class EarlierVersions:
    """The editions of one digest in an experiment.

    They are found by the tag of the logged model and then by its run: searching versions, Unity
    Catalog knows no tags, and the logged model's own list of versions is written after the fact.
    """

    def __init__(
        self, session: Session, versions: Versions, experiment_id: str, digest: str
    ) -> None:
        self._session = session
        self._client = session.client
        self._versions = versions
        self._experiment_id = experiment_id
        self._digest = digest
        self.has_waited = False
        """Whether another job's version was waited for, which may have been left half made."""

    def editions(self) -> list[DigestVersion]:
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
            DigestVersion(model, tuple(v for v in versions if v.run_id == model.source_run_id))
            for model in models
        ]

    def earlier(self, ours: ModelVersion) -> tuple[ModelVersion, LoggedModel] | None:
        """The READY version of the digest that another job made before ours, meanwhile.

        The lowest number wins, so that of two jobs one gives way. One that is being made is waited
        for, as long as its job isn't known to have ended.

        Raises:
            InVain: it was waited for in vain.

        """
        jobs = self._session.jobs
        wait = Wait(jobs.patience, self._session.log)
        while True:
            before = [
                (version, edition.model)
                for edition in self.editions()
                for version in edition.versions
                if _number(version) < _number(ours) and version.run_id != ours.run_id
            ]
            if ready := [pair for pair in before if pair[0].status == READY]:
                return min(ready, key=lambda pair: _number(pair[0]))
            living = self._living(self._unfinished()) if before else {}
            making = [version for version, _ in before if version.run_id in living]
            if not making:
                return None
            run = living[str(making[0].run_id)]
            wait.pause(
                f"version {making[0].version} of `{ours.name}`, which"
                f" {jobs.named(run.data.tags)} is making",
                f"MlflowClient().set_terminated({run.info.run_id!r}, 'KILLED')",
            )
            self.has_waited = True

    def record_commit(self, model: LoggedModel, version: ModelVersion, commit: str) -> None:
        """Note on the version (a whole one) and its logged model that this commit is the same."""
        has_labels = self._versions.has_labels
        known = version.tags if has_labels else model.tags
        commits = with_commit(known, commit)
        if commit and commits != known.get(COMMITS):
            if has_labels:
                self._versions.tag(version, {COMMITS: commits})
            self._client.set_logged_model_tags(model.model_id, {COMMITS: commits})

    def clear(self) -> list[DigestVersion]:
        """Remove what jobs left half made that have ended; the editions that are left.

        Our own run is one of those: none may be under way.
        """
        editions = self.editions()
        is_tidy = not any(edition.is_open for edition in editions)
        if is_tidy and sum(len(edition.ready) for edition in editions) <= 1:
            return editions
        unfinished = self._unfinished()
        living = self._living(unfinished)
        if not is_tidy:
            # A job may have ended just now, with all complete: seen again, it is for good.
            known = {edition.model.model_id for edition in editions}
            editions = [each for each in self.editions() if each.model.model_id in known]
        editions = [
            each if each.run_id in living else self._without_half_made(each) for each in editions
        ]
        ended = unfinished.keys() - living.keys()
        for run_id in ended:
            if unfinished[run_id].info.status == RUNNING:
                self._client.set_terminated(run_id, RunStatus.to_string(RunStatus.KILLED))
        return self._without_duplicates(editions, ended)

    def remove_half_made(self, run_id: str) -> list[str]:
        """Remove what a run left half made, whose job has ended; what that was, in words."""
        removed = []
        for edition in self.editions():
            if edition.run_id == run_id and edition.is_open:
                left = self._without_half_made(edition)
                gone = [each for each in edition.versions if each not in left.versions]
                removed += [f"version {each.version}" for each in gone]
                if edition.model.status == LoggedModelStatus.PENDING:
                    removed.append(f"logged model {edition.model.model_id}")
        return removed

    def _without_half_made(self, edition: DigestVersion) -> DigestVersion:
        left = []
        for version in edition.versions:
            if version.status == READY or self._is_living_copy(version):
                left.append(version)
            else:
                self._versions.delete(version)
        if edition.model.status == LoggedModelStatus.PENDING:
            self._client.finalize_logged_model(edition.model.model_id, LoggedModelStatus.FAILED)
        return replace(edition, versions=tuple(left))

    def _is_living_copy(self, version: ModelVersion) -> bool:
        """Whether a promotion makes it, which goes on after the run of what it copies."""
        tags = self._versions.tags_of(version)
        if PROMOTED_FROM not in tags:
            return False
        jobs, clock = self._session.jobs, self._session.clock
        return not jobs.has_ended(tags, version.creation_timestamp, clock.now)

    def _without_duplicates(
        self, editions: list[DigestVersion], failed: set[str]
    ) -> list[DigestVersion]:
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

    def _living(self, runs: Mapping[str, Run]) -> dict[str, Run]:
        """Those whose jobs aren't known to have ended."""
        return {id_: run for id_, run in runs.items() if not has_ended(run, self._session)}


def has_ended(run: Run, session: Session) -> bool:
    """Whether nobody does anything for a run any more."""
    return run.info.status != RUNNING or session.jobs.has_ended(
        run.data.tags, run.info.start_time, session.clock.now
    )


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
