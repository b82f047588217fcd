"""Which other jobs, that left something incomplete in a store, have ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from entrypoint.registry.waiting import WaitLimit
from entrypoint.registry.workflow_job import WorkflowJob

# GitHub ends a job after six hours on its own runners, and after five days on other ones:
# https://docs.github.com/en/actions/reference/limits
# A run's beginning is told by the clock of its runner: a day is more than that can be wrong.
_MAX_JOB_AGE = timedelta(days=6)


def _not_known(_: WorkflowJob) -> bool:
    return False


@dataclass(frozen=True)
class EndedJobs:
    """Tells which jobs have certainly ended; any other may still be running.

    `ours` is this job. `has_ended_on_github`: whether GitHub says that a job of our repository is
    completed. `wait_limit`: how long a running job is waited for.
    """

    ours: WorkflowJob = field(default_factory=WorkflowJob)
    has_ended_on_github: Callable[[WorkflowJob], bool] = _not_known
    server_url: str = "https://github.com"
    wait_limit: WaitLimit = field(default_factory=WaitLimit)

    def has_ended(
        self, tags: Mapping[str, str], began: int, now: Callable[[], datetime | None]
    ) -> bool:
        """Whether the job that wrote these tags has ended.

        `began`: when it created the thing, in milliseconds since 1970; `now`: the store's time.
        """
        job = WorkflowJob.from_tags(tags)
        return (
            job.ended_before(self.ours)
            or self._has_ended_on_github(job)
            or _is_too_long_ago(began, now())
        )

    def named(self, tags: Mapping[str, str]) -> str:
        """The job that wrote these tags, for a message."""
        page = WorkflowJob.from_tags(tags).page(self.server_url)
        return f"another job ({page})" if page else "another job"

    def _has_ended_on_github(self, job: WorkflowJob) -> bool:
        is_in_our_repository = job.is_known and job.repository == self.ours.repository
        return is_in_our_repository and self.has_ended_on_github(job)


def _is_too_long_ago(began: int, now: datetime | None) -> bool:
    if now is None:
        return False
    return now - datetime.fromtimestamp(began / 1000, UTC) > _MAX_JOB_AGE
