"""What a program takes: time, processor time, memory."""

import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

# Seconds between two looks at a process's memory, whose high-water mark the kernel keeps.
_LOOK = 0.02

Start = Callable[[], Popen[str]]


@dataclass(frozen=True)
class Usage:
    """Seconds from start to end, processor seconds of all of its processes, its own peak in MB."""

    seconds: float
    cpu: float
    peak: float


def measured(start: Start) -> tuple[Usage, int, str]:
    """Start a program and wait for its end; what it took, its exit status, and what it printed."""
    before = _cpu()
    started = time.monotonic()
    process = start()
    memory = _Memory(process.pid)
    memory.start()
    printed, _ = process.communicate()
    seconds = time.monotonic() - started
    memory.join()
    return Usage(seconds, _cpu() - before, memory.peak), process.returncode, printed


def _cpu() -> float:
    """Of the processes that have ended, with theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Memory(threading.Thread):
    """Looks at one process, not at its children: an agent may be as large as it likes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self.peak = 0.0

    def run(self) -> None:
        while peak := self._look():
            self.peak = peak
            time.sleep(_LOOK)

    def _look(self) -> float:
        """Its high-water mark in MB; 0 once it has ended."""
        try:
            lines = self._status.read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) / 1024 for line in lines if line[:6] == "VmHWM:"), 0)
