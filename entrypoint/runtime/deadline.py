"""The time that a job may take, and its end when the time is over.

`timeout-minutes` is for all but publishing and reporting, which have limits of their own: what has
been made by then must not be lost because the agent was slow, and a store or GitHub that is silent
for good must not hold a runner for hours.
"""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from entrypoint.runtime.errors import Problem, TimedOut


@dataclass(frozen=True)
class Limit:
    """How long a part of the job may take, and what to do if that isn't enough."""

    seconds: float
    fix: str
    input_name: str = ""


# Ten gigabytes at 6 MB/s; and MLflow asks a store that doesn't answer again for 17 minutes.
PUBLISHING = Limit(
    30 * 60,
    "Run the job again: what this one has left half made is found and ended by the next one. If the"
    " store answers, and the model is too large for it, make the model smaller.",
)
# GitHub may say that it wants to be asked again in a minute.
REPORTING = Limit(2 * 60, "Run the job again, if the comment is needed.")

# Who looks at the deadline itself says more exactly what wasn't finished.
_GRACE_SECONDS = 1.0
# For what unwinding does: ending processes, and telling a store what is not finished.
_UNWINDING_SECONDS = 60.0


class Deadline:
    """The moment by which the part of the job that is under way must have ended."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Give the job so many seconds, by the input `timeout-minutes`."""
        fix = (
            "If it needs longer, give it longer:\n\n    with:\n      timeout-minutes:"
            f" {max(1, round(seconds / 30))}"
        )
        self._clock = clock
        self._limit = Limit(seconds, fix, "timeout-minutes")
        self._end = clock() + seconds
        self._timer = threading.Timer(0, lambda: None)
        self._doing: Callable[[], str] | None = None
        self._end_now: Callable[[Problem], None] = lambda _: None

    def check(self, doing: str) -> None:
        """Compare the time with the deadline.

        Raises:
            TimedOut: it has passed; `doing` says what wasn't finished.

        """
        if self._clock() >= self._end:
            raise TimedOut(self._problem(doing))

    def enforce(self, doing: Callable[[], str], end_now: Callable[[Problem], None]) -> None:
        """Raise TimedOut in the main thread, wherever it is when the deadline passes.

        By a signal of its own: SIGALRM is taken by `registry/interruption.py`. Where the main
        thread doesn't handle it (a library that never returns), `end_now` is called in another
        one, a minute later.
        `doing` says what is under way.
        """
        self._doing, self._end_now = doing, end_now
        signal.signal(signal.SIGUSR1, self._raise)
        self._start(self._end - self._clock() + _GRACE_SECONDS, self._interrupt)

    def begin(self, limit: Limit) -> None:
        """Begin a part of the job that has a limit of its own."""
        self._limit = limit
        self._end = self._clock() + limit.seconds
        if self._doing:
            self._start(limit.seconds + _GRACE_SECONDS, self._interrupt)

    def lift(self) -> None:
        """Let nothing be interrupted any more."""
        self._doing = None
        self._timer.cancel()

    def _start(self, seconds: float, then: Callable[[], None]) -> None:
        self._timer.cancel()
        self._timer = threading.Timer(min(max(0.0, seconds), threading.TIMEOUT_MAX), then)
        self._timer.daemon = True
        self._timer.start()

    def _interrupt(self) -> None:
        if self._was_moved():
            return
        self._start(_UNWINDING_SECONDS, self._end_all)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def _was_moved(self) -> bool:
        """Whether another part has begun meanwhile: its end is waited for then."""
        left = self._end - self._clock()
        if self._doing and left > 0:
            self._start(left + _GRACE_SECONDS, self._interrupt)
        return left > 0

    def _raise(self, _: int, __: FrameType | None) -> None:
        if self._doing and self._clock() >= self._end:
            raise TimedOut(self._problem(self._doing()))

    def _end_all(self) -> None:
        if self._doing and not self._was_moved():
            self._end_now(self._problem(self._doing()))

    def _problem(self, doing: str) -> Problem:
        by = f"`{self._limit.input_name}`: " if self._limit.input_name else ""
        return Problem(
            f"{by}{doing} was not finished after {self._limit.seconds / 60:g} minutes and was"
            " stopped.",
            self._limit.fix,
        )
