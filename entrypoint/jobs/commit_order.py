"""Which of two commits of the job's repository comes first."""

from entrypoint.github.api import Api
from entrypoint.github.api_errors import GitHubError
from entrypoint.github.commit_history import is_ancestor
from entrypoint.inputs.inputs import Reporting
from entrypoint.jobs.context import Job


def comes_before(job: Job, commit: str, other: str) -> bool | None:
    """Whether `other` was made on top of `commit`; None where GitHub can't be asked or doesn't say.

    What it doesn't tell is no reason to fail: the alias moves as it was asked.
    """
    token = Reporting.as_far_as_possible(job.texts, job.workspace).github_token
    if not (token and job.environ.get("GITHUB_REPOSITORY")):
        return None
    with Api.from_environ(job.environ, token) as api:
        try:
            return is_ancestor(api, commit, other)
        except GitHubError as refused:
            for problem in refused.problems:
                job.log.notice(problem)
            return None
