"""A job that the runner cancels: SIGINT, after 7.5 seconds SIGTERM, and the end after ten.

What a signal does at every request of publishing is in `test_faults.py`; this is the whole program.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Literal

import pytest

from doubles.databricks import USER, Fault, Workspace
from doubles.runner import Runner
from tests.integration.conftest import Checkout
from tests.integration.site import State, View

pytestmark = pytest.mark.exhaustive

# Seconds, far less than a request that is never answered. The program gives itself seven; the rest
# is for busy machines.
LIMIT = 120
SHORTLY, FOR_GOOD = 0.3, 600.0
NOT_TIDIED_UP = "not tidied up within"
# More requests than any job makes.
MANY = 1000
# It shows where its threads are when it is aborted.
PROGRAM = (sys.executable, "-I", "-X", "faulthandler", "-m", "entrypoint")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Instant:
    """When a signal is sent: after a line of the log, or during a request."""

    line: str = ""
    verb: str = ""
    path: str = ""
    silent: Literal["", "alone", "for good"] = ""
    """Whether the workspace never answers: that request alone, or no request after it either."""

    def __str__(self) -> str:
        silent = f", unanswered {self.silent}" if self.silent else ""
        return self.line or f"{self.verb} {self.path}{silent}"

    @property
    def fault(self) -> Fault:
        """What keeps the request under way until the signal has been sent."""
        if self.silent:
            return Fault(self.verb, self.path, times=MANY, delay=FOR_GOOD)
        return Fault(self.verb, self.path, delay=SHORTLY)


BEFORE_A_VERSION = [
    Instant("::group::Read"),
    Instant(verb="GET", path="/effective-permissions/"),
    Instant("::group::Environment"),
    Instant("::group::Build"),
    Instant("Predicting on"),
    Instant(verb="POST", path="/runs/create", silent="for good"),
    Instant(verb="PUT", path="/LoggedModels/"),
    Instant(verb="PUT", path="/LoggedModels/", silent="alone"),
    Instant(verb="PUT", path="/files/Models/"),
    Instant(verb="PUT", path="/files/Models/", silent="for good"),
]
ONCE_IT_IS_THERE = [
    Instant(verb="POST", path="/model-versions/finalize"),
    Instant(verb="POST", path="/registered-models/alias", silent="alone"),
]


@dataclass
class Cancellable:
    """Jobs of one checkout, at a workspace."""

    checkout: Checkout
    view: View

    def start(self, name: str) -> "subprocess.Popen[str]":
        inputs = self.checkout.inputs(
            tracking_uri="",
            uc_target=f"prod.agents.{name}",
            experiment=f"/Shared/{name}",
            aliases="champion",
        )
        return self.checkout.runner.start(inputs)

    def run(self, name: str) -> State:
        """Run a job to its end; what there is then."""
        process = self.start(name)
        log, _ = process.communicate()
        assert process.returncode == 0, log
        return self.view.state(name)

    def cancelled(
        self, name: str, instant: Instant, number: signal.Signals, statuses: Sequence[int]
    ) -> str:
        """Cancel a job at an instant; how it ended, which is with one of the `statuses`."""
        faults = self.view.workspace.faults
        before = len(self.view.workspace.calls)
        if instant.path:
            faults.add(instant.fault)
        process = self.start(name)
        if instant.line:
            wait_for_line(process, instant.line)
        else:
            self.wait_for_request(process, instant, before)
        if instant.silent == "for good":
            faults.add(Fault(times=MANY, delay=FOR_GOOD))
        process.send_signal(number)
        seconds, log = self.end(process, instant)
        faults.clear()
        assert process.returncode in statuses, (instant, log)
        state = self.view.state(name)
        # A workspace that is silent for good, or a machine that stalls, lets nothing be tidied up.
        if instant.silent != "for good" and NOT_TIDIED_UP not in log:
            assert state.half_made == [], instant
        if process.returncode and state.ready and not state.aliases:
            assert f"version {state.ready[0]} is READY; the alias `champion` was not set" in log
        left = ", ".join(f"{status} run" for status in sorted(set(state.runs.values())))
        status = process.returncode
        return f"{number.name:7}  {instant!s:50} {seconds:4.1f} s  status {status}  {left}"

    def wait_for_request(
        self, process: "subprocess.Popen[str]", instant: Instant, before: int
    ) -> None:
        """Wait until the request of the instant is under way."""
        fits = instant.fault.fits
        while not any(fits(0, c.verb, c.path) for c in self.view.workspace.calls[before:]):
            if process.poll() is not None:
                pytest.fail(f"it never came to {instant}:\n{process.communicate()[0]}")
            time.sleep(0.01)

    def end(self, process: "subprocess.Popen[str]", instant: Instant) -> tuple[float, str]:
        """Wait for the end of a job, at which nothing of it runs; how long it took, and its log."""
        started = time.monotonic()
        try:
            log, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            log, _ = process.communicate()
            pytest.fail(f"it goes on and on after {instant}:\n{log}")
        seconds = time.monotonic() - started
        assert self.processes() == []
        return seconds, log

    def processes(self) -> list[str]:
        """What still runs of all that was started in the checkout."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        return [command for command in found if str(self.checkout.runner.workspace) in command]


def wait_for_line(process: "subprocess.Popen[str]", line: str) -> None:
    """Read the log until the line is there."""
    assert process.stdout
    seen = []
    for text in process.stdout:
        seen.append(text)
        if line in text:
            return
    pytest.fail(f"it never said {line!r}:\n{''.join(seen)}")


@pytest.fixture(scope="module")
def jobs(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cancellable]:
    root = tmp_path_factory.mktemp("cancelled")
    with Workspace(root / "databricks") as databricks:
        databricks.catalog.create("prod.agents", USER)
        runner = Runner(workspace, root / "runner_temp", databricks.env, program=PROGRAM)
        jobs = Cancellable(Checkout(runner, "cancelled"), View(databricks))
        jobs.run("first")  # makes the agent's environment
        yield jobs
        assert databricks.violations == []


def test_jobs_that_are_cancelled_before_there_is_a_version(
    jobs: Cancellable, record_property: Callable[[str, object], None]
) -> None:
    """Each of them is the re-run of the one before, and one more completes it."""
    # That the experiment is there already lets the first look for what was published there.
    jobs.view.ask("POST", "experiments/create", name="/Shared/chain")

    rows = [
        jobs.cancelled("chain", instant, number, [128 + number])
        for instant, number in zip(BEFORE_A_VERSION, cycle(SIGNALS), strict=False)
    ]

    record_property("table", "\n".join(["Cancelled before there is a version:", *rows]))
    state = jobs.run("chain")
    assert state.is_complete, state


def test_a_job_that_is_cancelled_once_there_is_a_version(
    jobs: Cancellable, record_property: Callable[[str, object], None]
) -> None:
    """It may end well: the end of a version is waited for."""
    rows = []
    for name, instant in zip(("late", "later"), ONCE_IT_IS_THERE, strict=True):
        rows.append(jobs.cancelled(name, instant, signal.SIGTERM, [128 + signal.SIGTERM, 0]))

        state = jobs.run(name)

        assert state.is_complete, state
    record_property("table", "\n".join(["Cancelled once there is a version:", *rows]))
