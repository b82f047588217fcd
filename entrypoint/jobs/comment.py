"""The report of another workflow's run, posted on its pull request.

The other workflow ran a stranger's code, and has no token to comment with; this one has, and runs
none of that code: https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/
"""

from dataclasses import replace
from itertools import islice, product
from pathlib import Path

from entrypoint.github import pull_requests
from entrypoint.github.fork_comments import COMMENTS_PER_RUN, ForkComment
from entrypoint.inputs.event import Event
from entrypoint.inputs.fork_workflows import TWO_WORKFLOWS
from entrypoint.inputs.inputs import ReportingInputs
from entrypoint.inputs.workflow_run import WorkflowRun
from entrypoint.jobs.context import Job
from entrypoint.jobs.reporting import post
from entrypoint.report import report_files
from entrypoint.report.result import Result
from entrypoint.runtime.errors import Failure, InputFailure, Problem

_OF_PULL_REQUESTS = ("pull_request", "pull_request_target")


def run(job: Job, result: Result) -> None:
    """Post the reports that the run left, few of them, where its head is a pull request's.

    Raises:
        Failure: nothing says what to post where, or GitHub doesn't take it; every other report is
            posted all the same.

    """
    event = job.event
    run = event.workflow_run
    if run is None:
        raise InputFailure(
            Problem(
                "`mode: comment` posts what another workflow has reported, and this event"
                f" (`{event.name or 'none'}`) is about none.",
                f"Use it on `workflow_run`:\n\n{TWO_WORKFLOWS}",
            )
        )
    inputs = ReportingInputs.read(job.texts, job.workspace)
    if run.event not in _OF_PULL_REQUESTS:
        result.skipped = f"the workflow run was started by {run.event}, not by a pull request"
    elif inputs.comment == "off":
        result.skipped = "`comment` is off"
    else:
        _post_all(job, event, run, inputs, result)


def _post_all(
    job: Job, event: Event, run: WorkflowRun, inputs: ReportingInputs, result: Result
) -> None:
    with job.github() as api:
        numbers = pull_requests.numbers(api, run.repository, run.branch, run.sha)
        if not numbers:
            result.skipped = f"no open pull request has the head {run.sha[:7]} any more"
            return
        if inputs.report_path is None:
            raise InputFailure(
                Problem(
                    "`report-path`: `mode: comment` needs the folder with the report.",
                    f"Carry it over from the preview:\n\n{TWO_WORKFLOWS}",
                )
            )
        files = _found(inputs.report_path, run, job)
        _tell_what_is_left_out(len(files) * len(numbers) - COMMENTS_PER_RUN, run, job)
        reports, problems = _read(files[:COMMENTS_PER_RUN], event, run)
        if not files:
            reports = [_trusted(Result(mode="preview"), event, run)]
        keys = [reported.subject for reported in reports]
        urls: list[str] = []
        for number, reported in islice(product(numbers, reports), COMMENTS_PER_RUN):
            is_bad = reported.problems or reported.workflow_run_conclusion
            wanted = inputs.comment == "always" or is_bad or reported.changed is not False
            comment = ForkComment(api, number, run.repository, reported.subject, keys)
            try:
                post(reported, comment, job, only_if_there=not wanted)
                urls.append(reported.comment_url)
            except Failure as failure:
                problems += failure.problems
    result.comment_url = "\n".join(url for url in urls if url)
    if problems:
        raise Failure(*problems)


def _found(folder: Path, run: WorkflowRun, job: Job) -> list[Path]:
    """The reports; a run that failed need not have left any.

    Raises:
        InputFailure: one that did not has left none.

    """
    try:
        return report_files.found(folder, job.workspace.relative(folder))
    except InputFailure:
        if not run.has_failed:
            raise
        return []


def _read(files: list[Path], event: Event, run: WorkflowRun) -> tuple[list[Result], list[Problem]]:
    """The reports, and what is wrong with the others."""
    reports: list[Result] = []
    problems: list[Problem] = []
    for file in files:
        try:
            reports.append(_trusted(report_files.read(file), event, run))
        except Failure as failure:
            problems += failure.problems
    return reports, problems


def _tell_what_is_left_out(more: int, run: WorkflowRun, job: Job) -> None:
    if more > 0:
        reports_are = "reports are" if more > 1 else "report is"
        job.log.warning(
            Problem(
                f"`report-path`: {more} more {reports_are} not on the pull request: a run gets"
                f" {COMMENTS_PER_RUN} comments at most.",
                f"All of them are in the summary of the run: {run.url}",
            )
        )


def _trusted(reported: Result, event: Event, run: WorkflowRun) -> Result:
    """The report with what this job knows of it: where it comes from, and that it isn't trusted."""
    return replace(
        reported,
        commit=run.sha,
        repository_url=f"{event.server_url}/{event.repository}",
        workflow_run_url=run.url,
        workflow_run_conclusion="" if reported.problems or not run.has_failed else run.conclusion,
        reported_by=run.repository or "a repository that is gone",
    )
