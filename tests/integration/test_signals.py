"""A job that the runner cancels: SIGINT, after 7.5 seconds SIGTERM, and the end after ten."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from tests.doubles.databricks import USER, Fault, Workspace
from tests.doubles.runner import Runner
from tests.integration.conftest import Checkout
from tests.integration.site import State, View

# The program has seven seconds, of which it needs one or two; the rest is for busy machines.
LIMIT = 20
FOR_GOOD = 600.0
ALL = 1000


@dataclass(frozen=True)
class Instant:
    """When a signal is sent: after a line of the log, or during a request."""

    line: str = ""
    verb: str = ""
    path: str = ""
    number: int = 1

    def __str__(self) -> str:
        return self.line or f"{self.verb} {self.path} ({self.number})"

    @property
    def faults(self) -> list[Fault]:
        """What keeps the request under way until the signal has been sent."""
        return [Fault(self.verb, self.path, times=self.number, delay=0.3)] if self.path else []


BEFORE_A_VERSION = [
    Instant("::group::Read"),
    Instant("logged in"),
    Instant(verb="GET", path="/effective-permissions/"),
    Instant("::group::Environment"),
    Instant("::group::Find"),
    Instant(verb="POST", path="/logged-models/search"),
    Instant(verb="POST", path="/runs/search"),
    Instant("::group::Build"),
    Instant("Predicting on"),
    Instant("::group::Verify"),
    Instant("answers the example"),
    Instant("::group::Check"),
    Instant("::group::Publish"),
    Instant(verb="POST", path="/runs/create"),
    Instant(verb="POST", path="/mlflow/logged-models$"),
    Instant(verb="POST", path="/runs/outputs"),
    Instant(verb="PUT", path="/LoggedModels/"),
    Instant(verb="PUT", path="/LoggedModels/", number=8),
    Instant(verb="PATCH", path="/mlflow/logged-models/"),
    Instant(verb="POST", path="/registered-models/create"),
    Instant(verb="GET", path="/runs/get"),
    Instant(verb="POST", path="/model-versions/create"),
    Instant(verb="GET", path="artifact-repository-enabled"),
    Instant(verb="PUT", path="/files/Models/"),
    Instant(verb="PUT", path="/files/Models/", number=8),
]
ONCE_IT_IS_THERE = [
    Instant(verb="POST", path="/model-versions/finalize"),
    Instant(verb="POST", path="/logged-models/search", number=2),
    Instant(verb="POST", path="/runs/update"),
    Instant(verb="GET", path="/registered-models/get"),
    Instant(verb="POST", path="/registered-models/alias"),
]


@dataclass
class Cancellable:
    """Jobs of one checkout, at a workspace."""

    checkout: Checkout
    view: View

    @property
    def workspace(self) -> Workspace:
        return self.view.workspace

    def start(self, name: str) -> "subprocess.Popen[str]":
        inputs = self.checkout.inputs(
            tracking_uri="",
            uc_target=f"prod.agents.{name}",
            experiment=f"/Shared/{name}",
            aliases="champion",
        )
        return self.checkout.runner.start(inputs)

    def cancelled(self, name: str, instant: Instant, number: signal.Signals) -> str:
        """Cancel a job at an instant; how it ended."""
        before = len(self.workspace.calls)
        self.workspace.faults.add(*instant.faults)
        process = self.start(name)
        if instant.line:
            self._wait_for_line(process, instant.line)
        else:
            self._wait_for_request(process, instant, before)
        process.send_signal(number)
        seconds = self.end(process)
        self.workspace.faults.clear()
        print(f"{number.name:7} {instant!s:45} {seconds:4.1f} s  status {process.returncode}")
        if process.returncode != 128+number: print(self.log)
        state = self.view.state(name)
        assert "RUNNING" not in state.runs.values(), instant
        return f"{number.name:7} {instant!s:45} {seconds:4.1f} s  status {process.returncode}"

    def end(self, process: "subprocess.Popen[str]") -> float:
        """Wait for the end of a job, in which nothing of it is left; how long it took."""
        started = time.monotonic()
        try:
            log, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            log, _ = process.communicate()
            pytest.fail(f"it goes on and on:\n{log}")
        seconds = time.monotonic() - started
        self.log=log
        assert self.processes() == []
        return seconds

    def run(self, name: str) -> State:
        """Run a job to its end; what there is then."""
        process = self.start(name)
        log, _ = process.communicate()
        assert process.returncode == 0, log
        return self.view.state(name)

    def processes(self) -> list[str]:
        """What still runs of all that was started in the checkout."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        root = str(self.checkout.runner.workspace.parent)
        return [command for command in found if root in command]

    def _wait_for_line(self, process: "subprocess.Popen[str]", line: str) -> None:
        assert process.stdout
        seen = []
        for text in process.stdout:
            seen.append(text)
            if line in text:
                return
        pytest.fail(f"it never said {line!r}:\n{''.join(seen)}")

    def _wait_for_request(
        self, process: "subprocess.Popen[str]", instant: Instant, before: int
    ) -> None:
        (fault,) = instant.faults
        while True:
            met = [c for c in self.workspace.calls[before:] if fault.fits(0, c.verb, c.path)]
            if len(met) >= instant.number:
                return
            if process.poll() is not None:
                pytest.fail(f"it never came to {instant}:\n{process.communicate()[0]}")
            time.sleep(0.01)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cancellable]:
    root = tmp_path_factory.mktemp("cancelled")
    (root / "checkout").mkdir()
    with Workspace(root / "workspace") as workspace:
        workspace.catalog.create("prod.agents", USER)
        runner = Runner(root / "checkout", root / "runner_temp", workspace.env)
        jobs = Cancellable(Checkout(runner, "agent"), View(workspace))
        jobs.run("first")  # makes the agent's environment
        yield jobs
        assert workspace.violations == []


SIGNALS = cycle([signal.SIGINT, signal.SIGTERM])


def complete(state: State) -> bool:
    """Whether there is one version, and nothing half made."""
    return (
        list(state.versions.values()) == ["READY"]
        and state.aliases == {"champion": state.ready[0]}
        and not state.half_made
    )


def test_jobs_that_are_cancelled_before_there_is_a_version(
    jobs: Cancellable, record_property: Callable[[str, object], None]
) -> None:
    """Each of them is the re-run of the one before, and one more completes it."""
    rows = [jobs.cancelled("chain", each, next(SIGNALS)) for each in BEFORE_A_VERSION]
    record_property("table", "\n".join(["Cancelled before there is a version:", *rows]))

    state = jobs.run("chain")

    assert complete(state), state


def test_jobs_that_are_cancelled_once_there_is_a_version(
    jobs: Cancellable, record_property: Callable[[str, object], None]
) -> None:
    rows = []
    for number, instant in enumerate(ONCE_IT_IS_THERE):
        rows.append(jobs.cancelled(f"late_{number}", instant, next(SIGNALS)))
        state = jobs.run(f"late_{number}")
        assert complete(state), (instant, state)
    record_property("table", "\n".join(["Cancelled once there is a version:", *rows]))


@pytest.mark.parametrize(
    "hanging", ["/LoggedModels/", "/files/Models/", "/runs/create", "/model-versions/create", ""]
)
def test_a_job_that_is_cancelled_while_nothing_is_answered(jobs: Cancellable, hanging: str) -> None:
    name = f"hanging_{hanging.strip('/').replace('/', '_')}".lower().replace("-", "_")
    fault = Fault(path=hanging, times=ALL, delay=FOR_GOOD)
    process = jobs.start(name)
    if hanging:
        jobs.workspace.faults.add(fault)
        jobs.view.wait_for(hanging)
    else:
        jobs.view.wait_for("")
        jobs.workspace.faults.add(fault)
    process.send_signal(signal.SIGINT)
    jobs.end(process)
    jobs.workspace.faults.clear()
