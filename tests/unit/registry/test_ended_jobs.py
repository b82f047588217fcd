"""Which jobs have ended for certain."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from entrypoint.registry.ended_jobs import EndedJobs
from entrypoint.registry.workflow_job import WorkflowJob

OURS = {
    "github_repository": "acme/agents",
    "github_run_id": "42",
    "github_run_attempt": "2",
    "github_job": "log",
    "github_runner": "runner 1",
}
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def has_ended(
    tags: Mapping[str, str],
    *,
    age: timedelta = timedelta(minutes=1),
    now: datetime | None = NOW,
    completed: tuple[int, ...] = (),
    ours: Mapping[str, str] = OURS,
) -> bool:
    jobs = EndedJobs(WorkflowJob.from_tags(ours), lambda job: job.run_id in completed)
    return jobs.has_ended(tags, int((NOW - age).timestamp() * 1000), lambda: now)


@pytest.mark.parametrize(
    ("other", "ended"),
    [
        ({}, True),
        ({"github_run_attempt": "1", "github_runner": "runner 9"}, True),
        ({"github_run_attempt": "1", "github_job": "other"}, True),
        ({"github_runner": "runner 2"}, False),
        ({"github_job": "other"}, False),
        ({"github_run_attempt": "3"}, False),
        ({"github_run_attempt": ""}, False),
        ({"github_run_id": "7"}, False),
        ({"github_run_id": "7", "github_run_attempt": "1"}, False),
        ({"github_repository": "acme/other", "github_run_attempt": "1"}, False),
    ],
)
def test_of_our_workflow_run_what_came_before_us_has_ended(
    other: dict[str, str],
    ended: bool,  # noqa: FBT001 - a table
) -> None:
    assert has_ended(OURS | other) == ended


def test_off_github_nothing_is_known() -> None:
    assert not has_ended({}, ours={})


def test_a_workflow_run_that_github_calls_completed_has_ended() -> None:
    other = OURS | {"github_run_id": "7"}

    assert has_ended(other, completed=(7,))
    assert not has_ended(other | {"github_repository": "acme/other"}, completed=(7,))


@pytest.mark.parametrize("number", ["7/../8", "7?", "\u0667", "-7", "07", "7" * 30, "", " 7"])
def test_of_an_invalid_run_id_github_is_not_asked(number: str) -> None:
    asked = []

    def ask(job: WorkflowJob) -> bool:
        asked.append(job)
        return True

    jobs = EndedJobs(WorkflowJob.from_tags(OURS), ask)

    assert not jobs.has_ended(OURS | {"github_run_id": number}, 0, lambda: None)
    assert asked == []
    assert jobs.named(OURS | {"github_run_id": number}) == "another job"


@pytest.mark.parametrize(
    ("age", "ended"),
    [
        (timedelta(hours=-2), False),
        (timedelta(hours=2), False),
        (timedelta(days=5, hours=1), False),
        (timedelta(days=7), True),
    ],
)
def test_only_what_is_older_than_any_job_has_ended(
    age: timedelta,
    ended: bool,  # noqa: FBT001 - a table
) -> None:
    assert has_ended({}, age=age) == ended
    assert not has_ended({}, age=age, now=None)


def test_a_job_is_named_by_the_page_of_its_run() -> None:
    jobs = EndedJobs(server_url="https://github.example.com")

    page = "https://github.example.com/acme/agents/actions/runs/42"
    assert jobs.named(OURS) == f"another job ({page})"
