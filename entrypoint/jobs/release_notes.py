"""What was promoted, in the notes of the GitHub release."""

from entrypoint.github.api import Api
from entrypoint.github.api_errors import GitHubError
from entrypoint.github.releases import Notes
from entrypoint.inputs.event import Event
from entrypoint.inputs.inputs import Reporting
from entrypoint.jobs.context import Job
from entrypoint.report import rendering
from entrypoint.report.result import Result

# Bytes; GitHub takes 125,000 characters, and there may be other blocks and a person's own text.
_LONGEST = 60_000


def write(result: Result, event: Event, job: Job) -> None:
    """Write the block of the target into the notes of the release that the event is about, if any.

    What GitHub doesn't take is a warning: nothing that is registered depends on it.
    """
    token = Reporting.as_far_as_possible(job.texts, job.workspace).github_token
    if event.release is None or not token:
        return
    block = rendering.render(result.redacted(job.secrets.redact), "release", _LONGEST)
    with Api.from_environ(job.environ, token) as api:
        try:
            posted = Notes(api, event.release, result.target).post(block)
        except GitHubError as refused:
            for problem in refused.problems:
                job.log.warning(problem)
            return
    if posted:
        job.log.line(f"release notes {posted.did}: {posted.url}")
