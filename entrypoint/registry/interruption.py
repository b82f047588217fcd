"""Cancelling, where it meets what is being made: the runner leaves a cancelled job ten seconds."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar

from entrypoint.registry.store_answers import REFUSALS
from entrypoint.runtime.background import in_background
from entrypoint.runtime.errors import Cancelled, TimedOut

Done = TypeVar("Done")
_LONGEST = 1.0
_GLANCE = 0.5
_IN_A_HURRY = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Hold signals back, for a second at most, while something is made that has to be ended.

    By handlers, not by a mask: a signal that is masked here goes to another thread, and Python runs
    its handler here all the same.
    """
    arrived: list[int] = []
    given_up = False
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _: FrameType | None) -> None:
        arrived.append(number)
        signal.setitimer(signal.ITIMER_REAL, _LONGEST)

    def give_up(_: int, frame: FrameType | None) -> None:
        nonlocal given_up
        handler = handlers[signal.Signals(arrived[0])]
        if callable(handler):
            given_up = True
            handler(arrived[0], frame)

    alarm = signal.signal(signal.SIGALRM, give_up)
    for number in handlers:
        signal.signal(number, note)
    try:
        yield
    finally:
        if not given_up:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        # Only now: a signal that is still noted sets the alarm, which ends a process unheard.
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        if arrived and not given_up:
            signal.raise_signal(arrived[0])


def run_cancellable(work: Callable[[], Done]) -> Done:
    """Do what brings files up: MLflow would wait for its threads, and they for a silent store."""
    future = in_background(work)
    # A signal that comes just before a wait is seen after it: none is long.
    while not wait([future], _GLANCE).done:
        pass
    return future.result()


@contextmanager
def best_effort_cleanup(error: BaseException) -> Iterator[None]:
    """Tidy up after an error: that one is told, whatever the store says to this."""
    if isinstance(error, (Cancelled, TimedOut)):
        # MLflow reads its environment for every request.
        os.environ.update(_IN_A_HURRY)
    with suppress(*REFUSALS):
        yield
