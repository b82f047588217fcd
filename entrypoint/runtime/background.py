"""Work that goes on in the background of a job."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Done = TypeVar("Done")

# For which an answer is waited for that the job can do without.
TIMEOUT_SECONDS = 60


def in_background(work: Callable[[], Done]) -> Future[Done]:
    """Do the work in a thread; `result()` waits for it and raises what it raised.

    A daemon, and no executor's: a cancelled job doesn't wait for a workspace that is silent.
    """
    future: Future[Done] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future


def result_or(future: Future[Done], otherwise: Done) -> Done:
    """The result, or `otherwise` when it isn't there within `TIMEOUT_SECONDS`."""
    try:
        return future.result(TIMEOUT_SECONDS)
    except TimeoutError:
        return otherwise
