"""What this job can find out about other jobs."""

from entrypoint.github.api import Api
from entrypoint.github.workflow_runs import WorkflowRuns
from entrypoint.inputs.event import Event
from entrypoint.inputs.inputs import Reporting
from entrypoint.jobs.context import Job
from entrypoint.registry.ended_jobs import EndedJobs
from entrypoint.registry.workflow_job import WorkflowJob


def ended(job: Job) -> EndedJobs:
    """Which of them have ended: GitHub is asked with the job's token, where there is one."""
    event = Event.from_environ(job.environ)
    ours = WorkflowJob.from_event(event)
    token = Reporting.as_far_as_possible(job.texts, job.workspace).github_token
    if not (ours.is_known and token):
        return EndedJobs(ours, server_url=event.server_url)
    runs = WorkflowRuns(lambda: Api.from_environ(job.environ, token), job.log)
    return EndedJobs(
        ours,
        lambda other: runs.has_ended(other.repository, other.run_id, other.attempt),
        event.server_url,
    )
