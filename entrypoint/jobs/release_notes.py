"""What was promoted, in the notes of the GitHub release."""

from entrypoint.github.api_errors import GitHubError
from entrypoint.github.releases import Notes
from entrypoint.jobs.context import Job
from entrypoint.report import rendering
from entrypoint.report.result import Result
from entrypoint.runtime.errors import Problem

# Bytes; GitHub takes 125,000 characters, and there may be other blocks and a person's own text.
_BLOCK_BYTES = 60_000


def write(result: Result, job: Job) -> None:
    """Write the block of the target into the notes of the release that the event is about, if any.

    What GitHub doesn't take is a warning, and that it knows no such release (a tag may have none) a
    notice: nothing that is registered depends on it.
    """
    release = job.event.release
    if release is None or not job.reporting.github_token:
        return
    block = rendering.render(result.redacted(job.secrets.redact), "release", _BLOCK_BYTES)
    with job.github() as api:
        try:
            posted = Notes(api, release, result.target).post(block)
        except GitHubError as error:
            for problem in error.problems:
                job.log.warning(problem)
            return
    if posted:
        job.log.line(f"release notes {posted.did}: {posted.url}")
    else:
        job.log.notice(
            Problem(
                f"GitHub shows no release `{release}`, so no release notes tell what was promoted.",
                "If there is one, run the job again, with\n\n"
                "    permissions:\n      contents: write",
            )
        )
