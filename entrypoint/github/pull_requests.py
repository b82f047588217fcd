"""Pull requests, found by what a workflow run is about."""

from entrypoint.github.api import Api
from entrypoint.github.api_answers import Answer
from entrypoint.github.api_errors import Purpose

_PURPOSE = Purpose(
    "find the pull request of the workflow run", ("contents: read", "pull-requests: write")
)


class _Repository(Answer):
    full_name: str


class _Head(Answer):
    sha: str
    repo: _Repository | None = None


class _Pull(Answer):
    number: int
    head: _Head


def numbers(api: Api, repository: str, branch: str, sha: str) -> list[int]:
    """The open pull requests from a branch of a repository whose head is this commit, oldest first.

    There are several when the branch is to be merged into several others, and none when it has
    moved on, or the repository is gone (its name is empty). The payload of `workflow_run` names
    none for forks.

    Raises:
        Refused: GitHub doesn't tell.

    """
    owner = repository.partition("/")[0]
    pulls = api.items("pulls", _PURPOSE, _Pull, state="open", head=f"{owner}:{branch}")
    # An organisation may have several forks, with branches and commits of the same name.
    return sorted(
        pull.number
        for pull in pulls
        if pull.head.sha == sha and pull.head.repo and pull.head.repo.full_name == repository
    )
