"""Cancelling the job by a signal.

The runner sends SIGINT, after 7.5 seconds SIGTERM, and after ten it ends the container.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
"""

import os
import signal
import sys
from threading import Timer
from types import FrameType

from entrypoint.runtime import child_processes, early_signals
from entrypoint.runtime.errors import Cancelled

# Shells say so of a program that a signal ended, and add the signal's number.
STATUS = 128
# For tidying up; a job that needs longer would be ended unheard soon after.
_SECONDS = 6.5


def heed_signals() -> None:
    """Let a signal cancel the job.

    Raises:
        Cancelled: one has arrived already.

    """
    for number in early_signals.SIGNALS:
        signal.signal(number, _cancel)
    if early_signals.arrived:
        _cancel(early_signals.arrived[0], None)


def ignore_signals() -> None:
    """Let no signal cut what comes now."""
    for number in early_signals.SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _cancel(signal_number: int, _: FrameType | None) -> None:
    # One is enough: the next must not cut the tidying up.
    ignore_signals()
    end = Timer(_SECONDS, _end, [signal_number])
    end.daemon = True
    end.start()
    raise Cancelled(signal_number)


def _end(signal_number: int) -> None:
    """End the job as it is: something swallowed the cancelling, or waits for what never comes."""
    print(f"not tidied up within {_SECONDS} s: a re-run of the job does it", file=sys.stderr)
    child_processes.end_all()
    os._exit(STATUS + signal_number)
