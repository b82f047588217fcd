"""The last handler of exceptions: each becomes a problem in every report of the job."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from entrypoint.jobs import disk_errors
from entrypoint.jobs.context import Job
from entrypoint.report.result import Result
from entrypoint.runtime.errors import Cancelled, Failure, Problem, ReportFailure, TimedOut
from entrypoint.runtime.log import grouped

_TRACEBACK_CHARACTERS = 20_000


@contextmanager
def caught(result: Result, job: Job) -> Iterator[None]:
    """Let nothing but the cancelling of the job leave the `with` block: the result fails instead.

    The traceback of an unexpected exception is in the log. A library's `SystemExit` is one too.
    """
    try:
        yield
    except Cancelled:
        raise
    except ReportFailure as failure:
        result.fail(*failure.problems)
    except (Failure, TimedOut) as failure:
        full = _full_disk(failure, job)
        result.fail(*((full,) if full else failure.problems))
    except BaseException as error:  # noqa: BLE001
        full = _full_disk(error, job)
        result.fail(full or _unexpected(error, job))
        if not full:
            _show_traceback(error, job)


def _full_disk(error: BaseException, job: Job) -> Problem | None:
    """The problem, if it is a disk's; None too if even that can't be found out."""
    with suppress(Exception):
        return disk_errors.explain(error, job)
    return None


def _unexpected(error: BaseException, job: Job) -> Problem:
    # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    repository = job.environ.get("GITHUB_ACTION_REPOSITORY", "")
    where = f": https://github.com/{repository}/issues/new" if repository else "."
    return Problem(
        f"log-agent itself failed: {type(error).__name__}.",
        "This is a defect of log-agent. Please report it, with the traceback in the log of this"
        f" step{where}",
        detail="".join(traceback.format_exception_only(error)).strip(),
    )


def _show_traceback(error: BaseException, job: Job) -> None:
    # What can't be shown is no reason not to go on: the problem is told already.
    with suppress(Exception), grouped(job.log, "Traceback"):
        shown = job.secrets.redact("".join(traceback.format_exception(error)))
        job.log.untrusted(shown[-_TRACEBACK_CHARACTERS:])
