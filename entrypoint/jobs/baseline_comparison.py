"""The comparison with a registered version; a job that can't make it does without."""

from pathlib import Path
from typing import TYPE_CHECKING

from entrypoint.agent.manifest import Manifest
from entrypoint.comparison.changes import Comparison
from entrypoint.comparison.compare import compare
from entrypoint.comparison.snapshot import Snapshot
from entrypoint.jobs.context import Job
from entrypoint.runtime.errors import Failure

if TYPE_CHECKING:  # it imports MLflow, which a preview may do without
    from entrypoint.registry.baseline import RegisteredVersion


def compare_with(
    registered: "RegisteredVersion",
    after: Snapshot,
    manifest: Manifest,
    folder: Path,
    job: Job,
    *,
    built: bool = False,
) -> Comparison:
    """Compare what has the manifest with a version, whose files are fetched into the folder.

    `built`: the agent was built by this job, so that it is known which prompts it loads now.
    """
    try:
        before = registered.fetch(manifest, folder, built=built)
    except Failure as failure:
        return not_compared(failure, job)
    return compare(registered.baseline, before, after, job.secrets.redact)


def not_compared(failure: Failure, job: Job) -> Comparison:
    """No comparison, and why; the remedy is a notice."""
    for problem in failure.problems:
        job.log.notice(problem)
    return Comparison(not_compared=failure.problems[0].what)
