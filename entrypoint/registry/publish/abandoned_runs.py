"""Runs of jobs that were killed: they are still RUNNING, and what they created is incomplete."""

import re
import time

from mlflow.entities import Run

from entrypoint.registry.labels import DIGEST, JOB, TARGET
from entrypoint.registry.publish.earlier_versions import (
    KILLED,
    RUNNING,
    EarlierVersions,
    has_ended,
)
from entrypoint.registry.session import Session
from entrypoint.registry.versions import Versions

# The next job goes on where this one stops.
_MAX_RUNS = 20
_MAX_SECONDS = 30.0
_DIGEST = re.compile(r"[0-9A-Za-z:._-]+")


def end_abandoned_runs(
    session: Session, versions: Versions, experiment_id: str, job_id: str = ""
) -> None:
    """End a model's runs whose jobs have ended, and remove what they left incomplete.

    Whatever the digest. No run of ours may be under way: `job_id` is that of one which may have
    been created twice.
    """
    began = time.monotonic()
    for run in _running(session, versions, experiment_id):
        if time.monotonic() - began > _MAX_SECONDS:
            return
        is_twin = bool(job_id) and run.data.tags.get(JOB) == job_id
        if is_twin or has_ended(run, session):
            _end(run, session, versions)


def _running(session: Session, versions: Versions, experiment_id: str) -> list[Run]:
    """The model's runs that are RUNNING, oldest first: those are the likeliest to be abandoned."""
    return list(
        session.client.search_runs(
            [experiment_id],
            f"attributes.status = '{RUNNING}' and tags.{TARGET} = '{versions.name}'",
            max_results=_MAX_RUNS,
            order_by=["attributes.start_time ASC"],
        )
    )


def _end(run: Run, session: Session, versions: Versions) -> None:
    """End the run last: if this job is killed too, the next one finds by it what is left."""
    run_id, digest = run.info.run_id, run.data.tags.get(DIGEST, "")
    removed = []
    if _DIGEST.fullmatch(digest):
        earlier = EarlierVersions(session, versions, run.info.experiment_id, digest)
        removed = earlier.remove_incomplete(run_id)
    session.client.set_terminated(run_id, KILLED)
    rest = f", and what it left half made is gone: {', '.join(removed)}" if removed else ""
    other = session.jobs.named(run.data.tags)
    session.log.line(f"run {run_id} of {other} was killed, and is ended{rest}")
