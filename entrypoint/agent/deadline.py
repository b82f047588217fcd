"""The time that building and verifying may take together."""

import time
from collections.abc import Callable

from entrypoint.errors import Problem, TimedOut


class Deadline:
    """The moment by which building and verifying must have ended."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def check(self, doing: str) -> None:
        """Hold the time against the deadline.

        Raises:
            TimedOut: it has passed; `doing` says what wasn't finished.

        """
        if self._clock() < self._end:
            return
        raise TimedOut(
            Problem(
                f"`timeout-minutes`: {doing} was not finished after {self.seconds / 60:g} minutes"
                " and was stopped.",
                "If it needs longer, give it longer:\n\n    with:\n      timeout-minutes:"
                f" {max(1, round(self.seconds / 30))}",
            )
        )
