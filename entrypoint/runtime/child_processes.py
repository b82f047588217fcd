"""Processes that outlive the one that started them."""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from entrypoint.runtime.accounts import agents_account, end_agents_processes

# https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
_PR_SET_CHILD_SUBREAPER = 36
# A killed process may have to wait for a disk before it ends.
_SECONDS = 5.0
_POLL_SECONDS = 0.01


def adopt() -> None:
    """Become the parent of orphans: a daemon that left its process group then stays within reach.

    As PID 1 of a container the program is that anyway. Does nothing where Linux isn't.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_all() -> bool:
    """End every process of an untrusted program; whether that was done in time.

    Untrusted programs are started in sessions of their own, so none of them is in this one.
    """
    end = time.monotonic() + _SECONDS
    while True:
        if agents_account():
            end_agents_processes()
        else:
            _kill(_frozen(_children()))
        left = _reaped(_children())
        if not left or time.monotonic() > end:
            return not left
        time.sleep(_POLL_SECONDS)


def _frozen(processes: list[int]) -> list[int]:
    """The processes and all that they have started, stopped: nothing is started any more."""
    found: dict[int, None] = {}
    while new := [pid for pid in processes if pid not in found]:
        for pid in new:
            found[pid] = None
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        # Also of those that were there before: one may have been started before its parent stopped.
        processes = [child for pid in found for child in _children_of(pid)]
    return list(found)


def _kill(processes: Iterable[int]) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _reaped(children: list[int]) -> list[int]:
    """Those of the children that haven't ended yet.

    Not waited for one by one: one that another process traces can't be reaped before that ends.
    """
    left = []
    for child in children:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(child, os.WNOHANG) == (0, 0):
                left.append(child)
    return left


def _children() -> list[int]:
    """Children in other sessions than ours; none where `/proc` isn't."""
    return [pid for pid in _children_of(os.getpid()) if _session(pid) != os.getsid(0)]


def _children_of(pid: int) -> list[int]:
    found = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += [int(child) for child in tasks.read_text().split()]
    return found


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
