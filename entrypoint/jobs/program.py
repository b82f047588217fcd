"""The program: from arguments and environment to an exit status."""

import argparse
import gc
import os
import signal
from collections.abc import Mapping, MutableMapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from entrypoint.databricks.auth import env_vars
from entrypoint.github.step_files import StepFiles
from entrypoint.inputs.declarations import INPUTS, texts_of
from entrypoint.jobs.context import Job
from entrypoint.registry.stores import MLFLOW_SETTINGS
from entrypoint.runtime import accounts, cancellation, child_processes
from entrypoint.runtime.deadline import REPORTING
from entrypoint.runtime.errors import Cancelled, Failure, Problem, TimedOut

if TYPE_CHECKING:  # it takes long to import
    from entrypoint.report.result import Result


def run(arguments: Sequence[str], environ: MutableMapping[str, str]) -> int:
    """Do the job; its exit status: 0, 1 after a failure, 128 + n after signal n.

    Credentials are taken out of `environ`, the process's own, into which libraries look.
    """
    # Imports are most of what a job does in here: they make no garbage, and are searched for it.
    gc.disable()
    child_processes.adopt()
    texts = texts_of(environ, _flags(arguments))
    given = {**environ, **MLFLOW_SETTINGS}
    for name in env_vars.names(given):
        environ.pop(name, None)
    environ.update(MLFLOW_SETTINGS)
    with StepFiles.opened(given) as files:
        return _run(Job.from_environ(texts, given, files))


def _run(job: Job) -> int:
    # First: what follows takes several times as long to import as all the rest.
    job.log.line(f"log-agent {version('log-agent')}")
    # Before what starts threads: each has capabilities of its own.
    still_root = _give_up_root(job)
    from entrypoint.jobs import modes, reporting  # noqa: PLC0415
    from entrypoint.jobs.unexpected_errors import caught  # noqa: PLC0415
    from entrypoint.report.result import Result  # noqa: PLC0415

    result = Result(notes=job.log.notes)

    def end_now(problem: Problem) -> None:
        try:
            result.fail(problem)
            child_processes.end_all()
            reporting.tell(result, job)
        finally:
            os._exit(1)

    try:
        cancellation.heed_signals()
        with caught(result, job):
            if still_root:
                raise still_root
            job.deadline.enforce(lambda: _under_way(result), end_now)
            modes.run(job, result)
        with caught(result, job):
            job.deadline.begin(REPORTING)
            reporting.comment(result, job)
    except Cancelled as cancelled:
        name = signal.Signals(cancelled.signal_number).name
        result.fail(Problem(f"The job was cancelled ({name})."))
        return cancellation.STATUS + cancelled.signal_number
    except TimedOut as late:  # between the two
        result.fail(*late.problems)
    finally:
        cancellation.ignore_signals()
        job.deadline.lift()
        with caught(result, job):
            # A process that was being started when a signal came is in no `with` block yet.
            child_processes.end_all()
        reporting.tell(result, job)
    return 1 if result.problems else 0


def _under_way(result: "Result") -> str:
    return f"the stage {result.stages[-1].name}" if result.stages else "the job"


def _give_up_root(job: Job) -> Failure | None:
    """Give it up, or say why that can't be done."""
    try:
        accounts.become_owner(job.workspace.root)
    except Failure as failure:
        return failure
    return None


def _flags(arguments: Sequence[str]) -> Mapping[str, str | None]:
    """What the command line says, by the inputs' names."""
    parser = argparse.ArgumentParser(
        prog="python -I -m entrypoint",
        description="Take an AI agent from a checkout to Unity Catalog. Every flag is an input of"
        " the GitHub Action, and can be given as the variable INPUT_<NAME> too.",
    )
    for declared in INPUTS:
        default = f" Default: {declared.default}" if declared.default else ""
        parser.add_argument(
            f"--{declared.name}",
            dest=declared.name,
            metavar="TEXT",
            help=f"{declared.description}{default}".replace("%", "%%"),
        )
    return vars(parser.parse_args(arguments))
