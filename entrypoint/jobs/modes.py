"""What a job does, by its mode."""

from entrypoint.jobs import build, comment
from entrypoint.jobs.context import Job
from entrypoint.registry.mlflow_import import import_mlflow
from entrypoint.report.result import Result


def run(job: Job, result: Result) -> None:
    """Do what the event and the inputs ask for; `result` is filled in on the way.

    Raises:
        Failure: a problem that the user can act on.
        Cancelled: a signal arrived.
        TimedOut: the time that the job may take is over.

    """
    event = job.event
    event.check_readable()
    result.commit = event.commit
    result.skipped = event.nothing_to_do
    if result.skipped:
        job.log.line(f"Nothing to do: {result.skipped}.")
        return
    result.set_aim(job.texts, event, job.mode)
    match job.mode:
        case "comment":
            comment.run(job, result)
        case "promote":
            import_mlflow()
            from entrypoint.jobs import promote  # noqa: PLC0415 - it imports MLflow

            promote.run(job, result)
        case _:
            build.run(job, result)
