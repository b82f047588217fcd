"""The end of a job whose time is over, as a process of its own meets it."""

import subprocess
import sys

import pytest

from entrypoint.runtime.deadline import Deadline, Limit
from entrypoint.runtime.errors import TimedOut

PUBLISHING = """
from threading import Event
from entrypoint.runtime.deadline import Deadline, Limit
from entrypoint.runtime.errors import TimedOut

deadline = Deadline(3600)
deadline.enforce(lambda: "the stage Publish", print)
deadline.begin(Limit(0.6, "Run the job again."))
"""
WAITING = """
try:
    Event().wait()
except {caught} as late:
    print({said})
"""
LIFTED = """
deadline.lift()
print("waited:", not Event().wait(2))
"""


def said(rest: str) -> str:
    """What a program says whose main thread goes on like this while it publishes."""
    return subprocess.check_output([sys.executable, "-c", PUBLISHING + rest], text=True)


def test_who_waits_for_ever_is_interrupted() -> None:
    told = said(WAITING.format(caught="TimedOut", said="late"))

    assert told == "the stage Publish was not finished after 0.01 minutes and was stopped.\n"


def test_nothing_takes_it_for_an_ordinary_failure() -> None:
    told = said(WAITING.format(caught="BaseException", said="isinstance(late, Exception)"))

    assert told == "False\n"


def test_what_is_lifted_interrupts_nobody() -> None:
    assert said(LIFTED) == "waited: True\n"


def test_a_part_with_a_limit_of_its_own_has_it_from_its_beginning() -> None:
    now = [0.0]
    deadline = Deadline(60, lambda: now[0])
    now[0] = 59
    deadline.begin(Limit(10, "Run the job again."))
    now[0] = 68
    deadline.check("publishing")
    now[0] = 69

    with pytest.raises(TimedOut, match="publishing was not finished"):
        deadline.check("publishing")
