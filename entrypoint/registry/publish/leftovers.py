"""Tidying up after jobs for the same model that ended without doing so: they were killed."""

import re
import time

from mlflow.entities import Run, RunStatus

from entrypoint.registry.labels import DIGEST, JOB, TARGET
from entrypoint.registry.publish.earlier_versions import RUNNING, EarlierVersions, has_ended
from entrypoint.registry.session import Session
from entrypoint.registry.versions import Versions

# What is left is for the next job.
_MOST_RUNS = 20
_LONGEST = 30.0  # seconds
_DIGEST = re.compile(r"[0-9A-Za-z:._-]+")


def sweep(session: Session, versions: Versions, experiment_id: str, job_id: str = "") -> None:
    """End the runs for a model whose jobs have ended, and remove what they left half made.

    Whatever the digest. None of our own runs may be under way: `job_id` is that of one which may
    have been made twice.
    """
    began = time.monotonic()
    for run in _running(session, versions, experiment_id):
        if time.monotonic() - began > _LONGEST:
            return
        is_twin = bool(job_id) and run.data.tags.get(JOB) == job_id
        if is_twin or has_ended(run, session):
            _end(run, session, versions)


def _running(session: Session, versions: Versions, experiment_id: str) -> list[Run]:
    """The runs that seem to go on, oldest first: those are the likeliest to be dead."""
    return list(
        session.client.search_runs(
            [experiment_id],
            f"attributes.status = '{RUNNING}' and tags.{TARGET} = '{versions.name}'",
            max_results=_MOST_RUNS,
            order_by=["attributes.start_time ASC"],
        )
    )


def _end(run: Run, session: Session, versions: Versions) -> None:
    """The run last: what is left to do, if this job dies too, is found by it."""
    run_id, digest = run.info.run_id, run.data.tags.get(DIGEST, "")
    removed = []
    if _DIGEST.fullmatch(digest):
        history = EarlierVersions(session, versions, run.info.experiment_id, digest)
        removed = history.remove_half_made(run_id)
    session.client.set_terminated(run_id, RunStatus.to_string(RunStatus.KILLED))
    left = f", and what it left half made is gone: {', '.join(removed)}" if removed else ""
    other = session.jobs.named(run.data.tags)
    session.log.line(f"run {run_id} of {other} was killed, and is ended{left}")
