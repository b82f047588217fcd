"""The status that a registry gives to a new version, which MLflow's client doesn't look at."""

from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.versions import PENDING, READY, Versions
from entrypoint.registry.waiting import Wait, WaitLimit
from entrypoint.runtime.errors import Problem, PublishFailure
from entrypoint.runtime.log import Log


def when_ready(
    version: ModelVersion, versions: Versions, limit: WaitLimit, log: Log
) -> ModelVersion:
    """The version, once it is READY.

    Raises:
        PublishFailure: the registry can't register it, or not in time.

    """
    wait = Wait(limit, log)
    while version.status == PENDING:
        if not wait.pause(f"version {version.version} of `{version.name}` to become READY"):
            raise PublishFailure(_not_ready(version, f"is still {PENDING} after {limit}"))
        version = versions.whole(version)
    if version.status != READY:
        raise PublishFailure(_not_ready(version, f"became {version.status}"))
    return version


def _not_ready(version: ModelVersion, became: str) -> Problem:
    return Problem(
        f"The registry took the files of `{version.name}` version {version.version}, but the"
        f" version {became}: it is not registered.",
        "Run the job again. If that doesn't help, ask those who run the registry. No alias was"
        " moved, and this job deletes the version.",
        detail=version.status_message or "",
    )
