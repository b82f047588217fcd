"""Processes that outlive the one that started them."""

import contextlib
import ctypes
import os
import signal
from pathlib import Path

# https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
_PR_SET_CHILD_SUBREAPER = 36
# More generations than any honest program has; a fork bomb must not hold the job up.
_GENERATIONS = 100


def adopt() -> None:
    """Become the parent of orphans: a daemon that left its process group then stays within reach.

    As PID 1 of a container the program is that anyway. Does nothing where Linux isn't.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_all() -> None:
    """End the adopted and, generation by generation, what they leave behind.

    Foreign programs are started in sessions of their own: what is in ours was never one of them.
    """
    for _ in range(_GENERATIONS):
        children = _children()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
        if not children:
            return


def _children() -> list[int]:
    """Children in other sessions than ours; none where `/proc` isn't."""
    found = []
    for tasks in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError):
            found += [int(pid) for pid in tasks.read_text().split()]
    return [pid for pid in found if _session(pid) != os.getsid(0)]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
