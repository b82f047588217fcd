"""What GitHub knows of other jobs: whether they have ended, and whose commit is the later one."""

from entrypoint.github.api_errors import GitHubError
from entrypoint.github.commit_history import is_ancestor
from entrypoint.github.workflow_runs import WorkflowRuns
from entrypoint.jobs.context import Job
from entrypoint.registry.ended_jobs import EndedJobs
from entrypoint.registry.workflow_job import WorkflowJob


def ended_jobs(job: Job) -> EndedJobs:
    """Which of them have ended: GitHub is asked, where the job has a token for it."""
    this_job, server_url = WorkflowJob.from_event(job.event), job.event.server_url
    if not (this_job.is_known and job.github_token):
        return EndedJobs(this_job, server_url=server_url)
    runs = WorkflowRuns(job.github, job.log)
    return EndedJobs(
        this_job,
        lambda other: runs.has_ended(other.repository, other.run_id, other.attempt),
        server_url,
    )


def comes_before(job: Job, commit: str, other: str) -> bool | None:
    """Whether `other` was made on top of `commit`; None where GitHub can't be asked or doesn't say.

    What it doesn't tell is no reason to fail: the alias moves as the inputs ask.
    """
    if not job.github_token:
        return None
    with job.github() as api:
        try:
            return is_ancestor(api, commit, other)
        except GitHubError as error:
            for problem in error.problems:
                job.log.notice(problem)
            return None
