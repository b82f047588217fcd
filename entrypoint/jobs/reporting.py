"""The reports of a job: its log, outputs, summary, folder and comment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entrypoint.github.api_errors import GitHubError
from entrypoint.github.comments import Comment
from entrypoint.github.step_files import SUMMARY_LIMIT
from entrypoint.jobs import disk_errors
from entrypoint.jobs.context import Job
from entrypoint.jobs.unexpected_errors import caught
from entrypoint.report import rendering, report_files
from entrypoint.report.result import Result
from entrypoint.runtime.errors import Problem, TimedOut
from entrypoint.runtime.log import grouped


def tell(result: Result, job: Job) -> None:
    """Tell the result in the log, in the folder of the report, as outputs and in the summary."""
    write(result, job)
    before = result.problems
    with caught(result, job), grouped(job.log, "Result"):
        job.log.line(rendering.plain(result.redacted(job.secrets.redact)))
    if result.problems != before:
        write(result, job)
    _tell_problems(result, job)
    job.log.finish()


def write(result: Result, job: Job) -> None:
    """Write the result in the folder of the report, as outputs and in the summary.

    What can't be written to one of them fails the job, and the others tell it. What was written
    before is replaced.
    """
    before = result.problems
    _write_each(result, job)
    if result.problems != before:
        _write_each(result, job)


def _write_each(result: Result, job: Job) -> None:
    for write_one in (_save, _write_outputs, _write_summary):
        _tell_problems(result, job)
        with caught(result, job):
            write_one(result, job)


def _tell_problems(result: Result, job: Job) -> None:
    for problem in result.problems:
        job.log.error(problem)


def _write_outputs(result: Result, job: Job) -> None:
    job.step_files.write_outputs(result.redacted(job.secrets.redact).outputs)


def _write_summary(result: Result, job: Job) -> None:
    shown = result.redacted(job.secrets.redact)
    # There for what fails while the rest is rendered.
    job.step_files.write_summary(rendering.problems(shown))
    job.step_files.write_summary(rendering.render(shown, "summary", SUMMARY_LIMIT))


def comment(result: Result, job: Job) -> None:
    """Comment on the pull request that the event is about, if it is about one.

    What GitHub doesn't take is a warning: nothing that is registered depends on it.
    """
    inputs, event = job.reporting, job.event
    number = event.pull_request.get("number")
    is_about_an_agent = result.mode not in ("", "comment") and not result.skipped
    if inputs.comment == "off" or not (number and inputs.github_token and is_about_an_agent):
        return
    # First, so that the comment tells what can't be written.
    write(result, job)
    is_worth_it = inputs.comment == "always" or result.problems or result.changed is not False
    tell = job.log.notice if event.is_without_secrets else job.log.warning
    with job.github() as api:
        try:
            comment = Comment(api, int(number), result.subject)
            post(result, comment, job, only_if_there=not is_worth_it)
        except (GitHubError, TimedOut) as refused:
            for problem in refused.problems:
                tell(problem)


def post(result: Result, comment: Comment, job: Job, *, only_if_there: bool = False) -> None:
    """Post the comment on a pull request; its address is filled in.

    Raises:
        GitHubError: GitHub doesn't take it.

    """
    body = rendering.render(result.redacted(job.secrets.redact), "comment", comment.room)
    posted = comment.post(body, rendering.fingerprint(result), only_if_there=only_if_there)
    if posted:
        result.comment_url = posted.url
        job.log.line(f"comment {posted.did}: {posted.url}")


def keep_transcript(transcript: Path, job: Job) -> None:
    """Keep what the agent printed in the folder of the report, if there is to be one."""
    if folder := job.reporting.report_path:
        with _tried(job):
            report_files.save_transcript(transcript, folder, job.secrets.redact)


def _save(result: Result, job: Job) -> None:
    folder = job.reporting.report_path
    if not folder or result.mode in ("", "comment"):
        return
    with _tried(job):
        result.report_path = job.workspace.relative(folder)
        report_files.save(result, folder, job.secrets.redact)


@contextmanager
def _tried(job: Job) -> Iterator[None]:
    """Write into the folder, if that can be done."""
    try:
        yield
    except OSError as error:
        full = disk_errors.explain(error, job)
        why = f" {full.what}" if full else ""
        job.log.warning(
            Problem(
                f"`report-path`: the report can't be saved.{why}",
                full.fix if full else "",
                detail=str(error),
            )
        )
