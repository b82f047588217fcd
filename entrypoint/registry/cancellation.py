"""A cancelled job and what it creates in a store: the runner leaves the job ten seconds."""

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
_DEFERRED_SECONDS = 1.0
_POLL_SECONDS = 0.5
_HURRIED = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Defer SIGINT and SIGTERM, for a second at most, while something is created.

    By handlers, not by a mask: a signal that is masked here goes to another thread, and Python runs
    its handler here all the same.
    """
    arrived: list[int] = []
    is_over = False
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def defer(number: int, _: FrameType | None) -> None:
        arrived.append(number)
        signal.setitimer(signal.ITIMER_REAL, _DEFERRED_SECONDS)

    def handle(_: int, frame: FrameType | None) -> None:
        nonlocal is_over
        handler = handlers[signal.Signals(arrived[0])]
        if callable(handler):
            is_over = True
            handler(arrived[0], frame)

    alarm = signal.signal(signal.SIGALRM, handle)
    for number in handlers:
        signal.signal(number, defer)
    try:
        yield
    finally:
        if not is_over:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        # Only now: a signal that is still deferred sets the alarm, which ends a process by default.
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        if arrived and not is_over:
            signal.raise_signal(arrived[0])


def run_cancellable(work: Callable[[], Done]) -> Done:
    """Transfer files in a thread: MLflow waits for its own threads, and they for a silent store."""
    future = in_background(work)
    # A signal that arrives just before a wait is handled after it, so none is long.
    while not wait([future], _POLL_SECONDS).done:
        pass
    return future.result()


@contextmanager
def best_effort_cleanup(error: BaseException) -> Iterator[None]:
    """Clean up after an error, which is the one to report: what the store refuses here is not."""
    if isinstance(error, (Cancelled, TimedOut)):
        # MLflow reads its environment for every request.
        os.environ.update(_HURRIED)
    with suppress(*REFUSALS):
        yield
