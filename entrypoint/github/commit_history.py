"""The history of a repository, as GitHub knows it."""

from http import HTTPStatus
from typing import Literal
from urllib.parse import urlencode

from entrypoint.github.api import Api
from entrypoint.github.api_answers import Answer
from entrypoint.github.api_errors import GitHubError, Purpose

_PURPOSE = Purpose("compare two commits", ("contents: read",))
_OF_A_FILE = Purpose("list the commits of a file", ("contents: read",))


class _Comparison(Answer):
    status: Literal["ahead", "behind", "diverged", "identical"]


class _Person(Answer):
    date: str


class _Commit(Answer):
    committer: _Person


class _FileCommit(Answer):
    commit: _Commit


def last_change(api: Api, file: str, commit: str) -> str:
    """When a file was last changed before a commit, as in `2026-01-31T09:00:00Z`.

    Empty when GitHub knows no such commit.
    https://docs.github.com/en/rest/commits/commits#list-commits

    Raises:
        GitHubError: GitHub doesn't tell.

    """
    query = urlencode({"path": file, "sha": commit})
    commits = api.items(f"commits?{query}", _OF_A_FILE, _FileCommit)
    return next((each.commit.committer.date for each in commits), "")


def is_ancestor(api: Api, commit: str, other: str) -> bool | None:
    """Whether `other` was made on top of `commit`; None when GitHub doesn't know one of them.

    https://docs.github.com/en/rest/commits/commits#compare-two-commits

    Raises:
        GitHubError: GitHub doesn't tell.

    """
    try:
        # Only the first page has the files.
        path = f"compare/{commit}...{other}?per_page=1&page=2"
        return api.get(path, _PURPOSE, _Comparison).status == "ahead"
    except GitHubError as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            return None
        raise
