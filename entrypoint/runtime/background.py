"""Work that goes on beside the story."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Done = TypeVar("Done")


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
