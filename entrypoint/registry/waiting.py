"""Waiting for another job or for the registry, for a limited time."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from entrypoint.runtime.errors import Problem, PublishFailure
from entrypoint.runtime.log import Log


@dataclass(frozen=True)
class WaitLimit:
    """How long it is waited, and the time between two looks, in seconds."""

    seconds: float = 600
    interval: float = 2

    def __str__(self) -> str:
        minutes = self.seconds / 60
        return f"{minutes:g} minutes" if minutes >= 1 else f"{self.seconds:g} seconds"


class WaitedInVain(PublishFailure):
    """Another job was not done in time, and may still be at work.

    `remedy` is Python that ends the waiting for `what`.
    """

    def __init__(self, what: str, limit: WaitLimit, remedy: str) -> None:
        self._reason = (
            f"{what}, was not complete after {limit}, and nothing tells that its job has ended"
        )
        super().__init__(
            Problem(
                f"This job gave way: {self._reason}.",
                "Run this job again when the other one has ended. On GitHub, log-agent sees by"
                " itself that a workflow run of this repository has ended, with\n\n"
                "    permissions:\n      actions: read\n\n"
                f"Where you know that it has ended, say so to MLflow:\n\n    {remedy}",
            )
        )

    def stays(self, version: str, aliases: Iterable[str]) -> Problem:
        """That the version which this job created is kept, because it has these aliases."""
        named = ", ".join(f"`{alias}`" for alias in aliases)
        return Problem(
            f"Version {version}, which this job made, stays, because {named} is on it; but"
            f" {self._reason}: there may be two versions of the same agent."
        )


class Wait:
    """One wait, which writes a line to the log once a minute."""

    def __init__(self, limit: WaitLimit, log: Log) -> None:
        self._limit = limit
        self._log = log
        self._began = time.monotonic()
        self._logged_minute = -1

    def pause(self, what: str) -> bool:
        """Sleep for one interval; False at once when the time is up. `what`: it is waited for."""
        passed = time.monotonic() - self._began
        if passed >= self._limit.seconds:
            return False
        if (minute := int(passed // 60)) > self._logged_minute:
            self._logged_minute = minute
            self._log.line(f"waiting for {what}: {passed:.0f} s of at most {self._limit}")
        time.sleep(self._limit.interval)
        return True
