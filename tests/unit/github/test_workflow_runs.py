"""Whether a workflow run has ended, as GitHub tells it."""

import io
from collections.abc import Iterator

import pytest

from doubles.github import Fault, GitHub, Judge, Token
from entrypoint.github.api import Api
from entrypoint.github.workflow_runs import WorkflowRuns
from entrypoint.runtime.log import PlainLog


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        yield github


def runs_of(
    github: GitHub, log: io.StringIO | None = None, token: Token | None = None
) -> WorkflowRuns:
    value = (token or github.tokens.job).value
    return WorkflowRuns(
        lambda: Api(github.site.api, github.repository, value, backoff=0),
        PlainLog(log or io.StringIO()),
        pause=0,
    )


def test_a_run_has_ended_when_github_says_so(judge: Judge) -> None:
    with GitHub(judge) as github:
        run = github.workflow_run(7)
        runs = runs_of(github)

        before = runs.has_ended(github.repository, 7, 1)
        run.status = "completed"
        after = runs.has_ended(github.repository, 7, 1)

    assert (before, after) == (False, True)


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting", "requested", "pending"])
def test_an_attempt_has_ended_when_there_is_a_later_one(github: GitHub, status: str) -> None:
    github.workflow_run(7, status, attempt=2)
    runs = runs_of(github)

    assert runs.has_ended(github.repository, 7, 1)
    assert not runs.has_ended(github.repository, 7, 2)
    assert not runs.has_ended(github.repository, 7, 0)


def test_what_has_ended_is_not_asked_again(github: GitHub) -> None:
    github.workflow_run(7, "completed")
    runs = runs_of(github)

    assert [runs.has_ended(github.repository, 7, 1) for _ in range(3)] == [True] * 3
    assert len(github.calls) == 1


def test_what_goes_on_is_asked_about_now_and_then(github: GitHub) -> None:
    github.workflow_run(7)
    api = Api(github.site.api, github.repository, github.tokens.job.value, backoff=0)
    runs = WorkflowRuns(lambda: api, PlainLog(io.StringIO()), pause=600)

    assert [runs.has_ended(github.repository, 7, 1) for _ in range(3)] == [False] * 3
    assert len(github.calls) == 1


def test_a_run_that_is_not_there_is_not_known_to_have_ended(github: GitHub) -> None:
    github.workflow_run(8, "completed")
    runs = runs_of(github)

    assert not runs.has_ended(github.repository, 7, 1)
    assert runs.has_ended(github.repository, 8, 1)


def test_a_run_of_another_repository_is_not_the_one(github: GitHub) -> None:
    github.workflow_run(7, "completed")

    assert not runs_of(github).has_ended("acme/other", 7, 1)


def test_what_the_token_may_not_see_is_said_once(github: GitHub) -> None:
    github.workflow_run(7, "completed")
    log = io.StringIO()
    runs = runs_of(github, log, github.tokens.job_with("pull-requests"))

    assert [runs.has_ended(github.repository, 7, 1) for _ in range(3)] == [False] * 3
    assert len(github.calls) == 1
    assert log.getvalue().count("`github-token` lacks `actions: read`") == 1


def test_an_outage_does_not_tell_that_it_has_ended(github: GitHub) -> None:
    github.workflow_run(7, "completed")
    github.faults.add(Fault(path="/actions/", status=500, times=100))

    assert not runs_of(github).has_ended(github.repository, 7, 1)
