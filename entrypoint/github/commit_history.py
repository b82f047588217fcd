"""The history of a repository, as GitHub knows it."""

from http import HTTPStatus
from typing import Literal

from entrypoint.github.api import Api
from entrypoint.github.api_answers import Answer
from entrypoint.github.api_errors import GitHubError, Purpose

_PURPOSE = Purpose("compare two commits", ("contents: read",))


class _Comparison(Answer):
    status: Literal["ahead", "behind", "diverged", "identical"]


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
