"""Which pull requests a workflow run was for."""

from collections.abc import Iterator

import pytest

from doubles.github import GitHub, Judge
from entrypoint.github import pull_requests
from entrypoint.github.api import Api

FORK = "stranger/agents"
SHA = "a" * 40


@pytest.fixture
def github(judge: Judge) -> Iterator[GitHub]:
    with GitHub(judge) as github:
        yield github


def numbers(
    github: GitHub, repository: str = FORK, branch: str = "topic", sha: str = SHA
) -> list[int]:
    with Api(github.site.api, github.repository, github.tokens.job.value) as api:
        return pull_requests.numbers(api, repository, branch, sha)


def test_a_forks_and_the_repositorys_own(github: GitHub) -> None:
    github.pull(7, SHA, "topic", FORK)
    github.pull(8, SHA, "topic")
    github.pull(9, SHA, "other", FORK)

    assert numbers(github) == [7]
    assert numbers(github, "acme/agents") == [8]
    assert numbers(github, FORK, "other") == [9]


def test_a_fork_beside_it_is_another(github: GitHub) -> None:
    github.pull(7, SHA, "topic", "acme/agents-2")

    assert numbers(github, "acme/agents") == []


def test_one_that_has_moved_on_or_is_closed_is_none(github: GitHub) -> None:
    github.pull(7, "b" * 40, "topic", FORK)
    github.pull(8, SHA, "topic", FORK, state="closed")

    assert numbers(github) == []


def test_a_branch_may_go_into_several(github: GitHub) -> None:
    github.pull(7, SHA, "topic", FORK)
    github.pull(8, SHA, "topic", FORK, base="release")

    assert numbers(github) == [7, 8]


@pytest.mark.parametrize("branch", ["a&state=all", "größe", "a b#c", "a/b:c", "%2e"])
def test_a_branch_may_be_called_anything(github: GitHub, branch: str) -> None:
    github.pull(7, SHA, branch, FORK)
    github.pull(8, SHA, "topic", FORK)

    assert numbers(github, FORK, branch) == [7]


def test_a_fork_that_is_gone_has_none(github: GitHub) -> None:
    github.pull(7, SHA, "topic", FORK)

    assert numbers(github, "") == []
    assert numbers(github, FORK, "") == []
