"""What people get to read of a job, wherever they read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entrypoint.errors import InputFailure, Problem
from entrypoint.event import Event
from entrypoint.github.api import Api
from entrypoint.github.comments import Comment
from entrypoint.github.files import SUMMARY_LIMIT
from entrypoint.github.refusal import Refused
from entrypoint.inputs import Reporting
from entrypoint.job import Job
from entrypoint.log import grouped
from entrypoint.report import rendering, saved
from entrypoint.report.result import Result


def tell(result: Result, job: Job) -> None:
    """Tell the result in the log, in the folder of the report, as outputs and in the summary."""
    for problem in result.problems:
        job.log.error(problem)
    _save(result, job)
    shown = result.redacted(job.secrets.redact)
    with grouped(job.log, "Result"):
        job.log.line(rendering.plain(shown))
    job.step_files.write_outputs(shown.outputs)
    job.step_files.write_summary(rendering.render(shown, "summary", SUMMARY_LIMIT))
    job.log.finish()


def comment(result: Result, job: Job) -> None:
    """Comment on the pull request that the event is about, if it is about one.

    What GitHub doesn't take is a warning: nothing that is registered depends on it.
    """
    inputs = Reporting.as_far_as_possible(job.texts, job.workspace)
    try:
        event = Event.from_environ(job.environ)
    except InputFailure:
        return
    number = event.pull_request.get("number")
    is_about_an_agent = result.mode not in ("", "comment") and not result.skipped
    if inputs.comment == "off" or not (number and inputs.github_token and is_about_an_agent):
        return
    is_worth_it = inputs.comment == "always" or result.problems or result.changed is not False
    read_only = event.is_without_secrets
    with Api.from_environ(job.environ, inputs.github_token, is_read_only=read_only) as api:
        try:
            comment = Comment(api, int(number), result.subject)
            post(result, comment, job, only_if_there=not is_worth_it)
        except Refused as refused:
            for problem in refused.problems:
                (job.log.notice if read_only else job.log.warning)(problem)


def post(result: Result, comment: Comment, job: Job, *, only_if_there: bool = False) -> None:
    """Post the comment on a pull request; its address is filled in.

    Raises:
        Refused: GitHub doesn't take it.

    """
    body = rendering.render(result.redacted(job.secrets.redact), "comment", comment.room)
    posted = comment.post(body, rendering.fingerprint(result), only_if_there=only_if_there)
    if posted:
        result.comment_url = posted.url
        job.log.line(f"comment {posted.did}: {posted.url}")


def keep(transcript: Path, job: Job) -> None:
    """Keep what the agent printed in the folder of the report, if there is to be one."""
    if folder := _report_path(job):
        with _tried(job):
            saved.save_transcript(transcript, folder, job.secrets.redact)


def _save(result: Result, job: Job) -> None:
    folder = _report_path(job)
    if not folder or result.mode in ("", "comment"):
        return
    with _tried(job):
        result.report_path = job.workspace.relative(folder)
        saved.save(result, folder, job.secrets.redact)


def _report_path(job: Job) -> Path | None:
    return Reporting.as_far_as_possible(job.texts, job.workspace).report_path


@contextmanager
def _tried(job: Job) -> Iterator[None]:
    """Write into the folder, if that can be done."""
    try:
        yield
    except OSError as error:
        job.log.warning(Problem("`report-path`: the report can't be saved.", detail=str(error)))
