"""Waiting for another job, for a while."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from entrypoint.runtime.errors import Problem, PublishFailure
from entrypoint.runtime.log import Log


@dataclass(frozen=True)
class Patience:
    """For how many seconds another job is waited for, and how often it is looked at."""

    seconds: float = 600
    pause: float = 2

    def __str__(self) -> str:
        minutes = self.seconds / 60
        return f"{minutes:g} minutes" if minutes >= 1 else f"{self.seconds:g} seconds"


class WaitedInVain(PublishFailure):
    """Another job was not done in time, and may be at work."""

    def __init__(self, what: str, patience: Patience, remedy: str) -> None:
        self._said = (
            f"{what}, was not complete after {patience}, and nothing tells that its job has ended"
        )
        super().__init__(
            Problem(
                f"This job gave way: {self._said}.",
                "Run this job again when the other one has ended. On GitHub, log-agent sees by"
                " itself that a workflow run of this repository has ended, with\n\n"
                "    permissions:\n      actions: read\n\n"
                f"Where you know that it has ended, say so to MLflow:\n\n    {remedy}",
            )
        )

    def stays(self, version: str, aliases: Iterable[str]) -> Problem:
        """That the version which this job made is kept, because these aliases are on it."""
        named = ", ".join(f"`{alias}`" for alias in aliases)
        return Problem(
            f"Version {version}, which this job made, stays, because {named} is on it; but"
            f" {self._said}: there may be two versions of the same agent."
        )


class Wait:
    """The time that another job is waited for; once a minute it is said for what."""

    def __init__(self, patience: Patience, log: Log) -> None:
        self._patience = patience
        self._log = log
        self._began = time.monotonic()
        self._minutes_told = -1

    def pause(self, what: str, remedy: str) -> None:
        """Let a moment pass; `what` is waited for, and `remedy`, in Python, is how to give it up.

        Raises:
            WaitedInVain: the time is up.

        """
        passed = time.monotonic() - self._began
        if passed >= self._patience.seconds:
            raise WaitedInVain(what, self._patience, remedy)
        if (minutes := int(passed // 60)) > self._minutes_told:
            self._minutes_told = minutes
            self._log.line(f"waiting for {what}: {passed:.0f} s of at most {self._patience}")
        time.sleep(self._patience.pause)
