"""Signals, as a process of their own gets them."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from entrypoint.runtime.cancellation import STATUS

SWALLOWS = """
import subprocess, threading
from entrypoint.runtime import child_processes
from entrypoint.runtime.cancellation import heed_signals
from entrypoint.runtime.errors import Cancelled

child_processes.adopt()
heed_signals()
child = subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL)
while True:
    try:
        print(child.pid, flush=True)
        threading.Event().wait()
    except Cancelled:
        print("swallowed", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_swallows_its_cancelling_ends_all_the_same(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SWALLOWS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    child = int(process.stdout.readline())
    process.send_signal(number)
    assert "swallowed" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)  # too late to matter

    _, said = process.communicate(timeout=60)

    assert process.returncode == STATUS + number
    assert "a re-run of the job" in said
    assert not is_running(child)


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
