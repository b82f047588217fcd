"""Pull requests, found by what a workflow run is about."""

from entrypoint.github.api import Api
from entrypoint.github.refusal import Purpose

_PURPOSE = Purpose(
    "find the pull request of the workflow run", ("contents: read", "pull-requests: write")
)


def numbers(api: Api, owner: str, branch: str, sha: str) -> list[int]:
    """The open pull requests from a branch of an owner whose head is this commit, oldest first.

    There are several when the branch is to be merged into several others, and none when it has
    moved on. The payload of `workflow_run` names none for forks.

    Raises:
        Refused: GitHub doesn't tell.

    """
    pulls = api.items("pulls", _PURPOSE, state="open", head=f"{owner}:{branch}")
    return sorted(pull["number"] for pull in pulls if pull["head"]["sha"] == sha)
