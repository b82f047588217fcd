"""Which commit was made on top of which."""

from collections.abc import Iterator

import pytest

from doubles.github import GitHub, Judge
from entrypoint.github.api import Api
from entrypoint.github.api_errors import GitHubError
from entrypoint.github.commit_history import is_ancestor, last_change

FIRST, SECOND, THIRD, OTHER, GONE = (letter * 40 for letter in "12345")


@pytest.fixture
def github(judge: Judge) -> Iterator[GitHub]:
    with GitHub(judge) as github:
        github.commit(FIRST)
        github.commit(SECOND, FIRST, date="2025-09-01T09:00:00Z", files=("agents/my agent.py",))
        github.commit(THIRD, SECOND)
        github.commit(OTHER, FIRST)
        yield github


@pytest.mark.parametrize(
    ("commit", "other", "expected"),
    [
        (FIRST, SECOND, True),
        (FIRST, THIRD, True),
        (THIRD, FIRST, False),
        (THIRD, OTHER, False),
        (FIRST, FIRST, False),
        (GONE, FIRST, None),
        (FIRST, GONE, None),
    ],
)
def test_the_order_of_two_commits(
    github: GitHub, commit: str, other: str, *, expected: bool | None
) -> None:
    with Api(github.site.api, github.repository, github.tokens.job.value) as api:
        assert is_ancestor(api, commit, other) is expected
    assert len(github.calls) == 1


@pytest.mark.parametrize(
    ("file", "commit", "expected"),
    [
        ("agents/my agent.py", THIRD, "2025-09-01T09:00:00Z"),
        ("agents/other.py", THIRD, ""),
        ("agents/my agent.py", OTHER, ""),
    ],
)
def test_when_a_file_was_changed_last(
    github: GitHub, file: str, commit: str, expected: str
) -> None:
    with Api(github.site.api, github.repository, github.tokens.job.value) as api:
        assert last_change(api, file, commit) == expected


def test_what_github_refuses_is_told(github: GitHub) -> None:
    with (
        Api(github.site.api, github.repository, "wrong") as api,
        pytest.raises(GitHubError, match="compare two commits"),
    ):
        is_ancestor(api, FIRST, SECOND)
