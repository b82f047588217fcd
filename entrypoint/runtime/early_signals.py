"""Signals that arrive before the program can act on them: while its modules are imported.

As PID 1 of a container a process ignores a signal for which it has no handler, and Python's own
handler of SIGINT ends the program with a traceback. So this module imports next to nothing.
"""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
arrived: list[int] = []


def keep() -> None:
    """Keep signals until `cancellation.heed_signals` acts on them."""
    for number in SIGNALS:
        signal.signal(number, _keep)


def _keep(signal_number: int, _: FrameType | None) -> None:
    arrived.append(signal_number)
