"""How the program ends when it fails itself, or can't say what it did."""

import json
import signal
import sys
import time
from pathlib import Path

import pytest

from doubles.runner import REPOSITORY, Event, Step
from tests.integration.conftest import Checkout

pytestmark = pytest.mark.exhaustive

# The program, in a process of which something is taken away first.
START = "; runpy.run_module('entrypoint', run_name='__main__', alter_sys=True)"
WITHOUT_A_LOG = (
    "import os, runpy; full = os.open('/dev/full', os.O_WRONLY); os.dup2(full, 1); os.dup2(full, 2)"
    + START
)
WITH_SHORT_FILES = (
    "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, -1))" + START
)
# What CPython tells of each file that it opens may be answered with an error.
# https://docs.python.org/3/library/audit_events.html
FAILING = """
import json, os, runpy, sys, time

(part, error), = json.loads(os.environ["FAILING"]).items()

def hook(event, arguments):
    if event == "open" and part in str(arguments[0]):
        if error == "hang":
            time.sleep(600)
        raise {"memory": MemoryError, "exit": SystemExit, "key": KeyError}[error](
            "with s3cr3t-of-the-job"
        )

sys.addaudithook(hook)
runpy.run_module("entrypoint", run_name="__main__", alter_sys=True)
"""

SECRET = {"SOME_TOKEN": "s3cr3t-of-the-job", "GITHUB_ACTION_REPOSITORY": "acme/log-agent"}


def test_a_step_file_that_cannot_be_written_fails_the_step_and_nothing_else(
    checkout: Checkout, tmp_path: Path
) -> None:
    paths = {"full": "/dev/full", "a folder": str(tmp_path), "missing": str(tmp_path / "no/file")}
    cases = [
        ("GITHUB_OUTPUT", "full"),
        ("GITHUB_OUTPUT", "a folder"),
        ("GITHUB_OUTPUT", "missing"),
        ("GITHUB_STEP_SUMMARY", "full"),
        ("GITHUB_STEP_SUMMARY", "missing"),
    ]
    for name, kind in cases:
        path = paths[kind]
        report_path = f"{checkout.name}/report"
        step = checkout.run(verify="off", report_path=report_path, env={name: path})

        assert step.status == 1, step.log
        assert "Traceback" not in step.log
        (error,) = step.commands("error")
        assert f"`{name}`: `{path}` can't be written" in error
        assert f"`{checkout.target}` version 1 is READY" in error
        report = (checkout.folder / "report/summary.md").read_text()
        assert f"❌ The job failed, but `{checkout.target}` version 1 is READY" in report
        if name == "GITHUB_OUTPUT":
            assert step.summary == report
        else:
            assert step.outputs["model-version"] == "1"
            assert name in step.result["problems"][0]["what"]
    assert [str(each.version) for each in checkout.versions()] == ["1"]


def test_outputs_that_do_not_all_fit_are_whole_as_far_as_they_go(checkout: Checkout) -> None:
    """`result` is long and comes last: what later steps need most is short and comes first."""
    checkout.runner.program = (sys.executable, "-I", "-c", WITH_SHORT_FILES)

    step = checkout.run(agent_path="nothing.py", mode="preview", tags="x" * 2000)

    assert step.status == 1
    assert step.outputs["mode"] == "preview"
    assert "result" not in step.outputs
    said = "".join(step.commands("error"))
    assert "`GITHUB_OUTPUT`" in said
    assert "`agent-path`" in said


def test_a_job_whose_log_nobody_takes_is_done_all_the_same(checkout: Checkout) -> None:
    checkout.runner.program = (sys.executable, "-I", "-c", WITHOUT_A_LOG)

    step = checkout.run(verify="off")

    assert (step.status, step.log) == (0, "")
    assert step.outputs["model-version"] == "1"
    assert "version 1 is registered" in step.summary


def test_what_nobody_expected_is_told_everywhere(checkout: Checkout) -> None:
    checkout.runner.program = (sys.executable, "-I", "-c", FAILING)
    for error, name in (("memory", "MemoryError"), ("exit", "SystemExit"), ("key", "KeyError")):
        step = checkout.run(
            mode="preview",
            model_config=checkout.write("unlucky.yml", "a: 1"),
            report_path=f"{checkout.name}/report",
            env={**SECRET, "FAILING": json.dumps({"unlucky.yml": error})},
        )

        assert step.status == 1, step.log
        assert is_told(step, name)
        assert name in step.result["problems"][0]["what"]
        assert name in (checkout.folder / "report/summary.md").read_text()


def test_what_fails_while_it_is_reported_is_told_by_the_rest(checkout: Checkout) -> None:
    checkout.runner.program = (sys.executable, "-I", "-c", FAILING)
    nothing_to_do = Event("push", "refs/heads/gone", {"deleted": True, "repository": REPOSITORY})

    step = checkout.run(
        event=nothing_to_do, env={**SECRET, "FAILING": json.dumps({"headline.j2": "key"})}
    )

    assert step.status == 1, step.log
    assert is_told(step, "KeyError")
    assert "KeyError" in step.result["problems"][0]["what"]


def test_what_fails_at_the_very_end_is_told_by_what_was_written_before(checkout: Checkout) -> None:
    checkout.runner.program = (sys.executable, "-I", "-c", FAILING)

    step = checkout.run(
        mode="preview",
        verify="off",
        report_path=f"{checkout.name}/report",
        env={**SECRET, "FAILING": json.dumps({"plain.j2": "key"})},
    )

    assert step.status == 1, step.log
    assert is_told(step, "KeyError")
    assert step.summary.startswith("## ❌")
    assert "KeyError" in step.result["problems"][0]["what"]
    assert (checkout.folder / "report/summary.md").read_text().startswith("## ❌")


def test_the_deadline_covers_what_waits_for_a_disk_too(checkout: Checkout) -> None:
    checkout.runner.program = (sys.executable, "-I", "-c", FAILING)

    step = checkout.run(
        mode="preview",
        model_config=checkout.write("unlucky.yml", "a: 1"),
        timeout_minutes="0.05",
        env={**SECRET, "FAILING": json.dumps({"unlucky.yml": "hang"})},
    )

    assert step.status == 1, step.log
    (error,) = step.commands("error")
    assert error.startswith("::error::`timeout-minutes`: the ")
    assert "was not finished after 0.05 minutes" in error
    assert "Traceback" not in step.log
    assert "timeout-minutes" in step.result["problems"][0]["what"]
    assert not any(stage["passed"] for stage in step.result["stages"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_program_starts_cancels_the_job(
    checkout: Checkout, number: signal.Signals
) -> None:
    runner = checkout.runner
    for delay in (0.1, 0.3, 0.6):
        process = runner.start(checkout.inputs(mode="preview"))
        wait_for_handlers(process.pid)
        time.sleep(delay)
        process.send_signal(number)
        log, _ = process.communicate()
        step = runner.finished(process, log)

        assert step.status == 128 + number, log
        assert "Traceback" not in log
        assert step.commands("error") == [f"::error::The job was cancelled ({number.name})."]
        assert "was cancelled" in step.result["problems"][0]["what"]


def wait_for_handlers(pid: int) -> None:
    """Wait for the first line of the program: before it Python answers signals."""
    while True:
        # https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)


def is_told(step: Step, name: str) -> bool:
    """Whether an exception is told, with its traceback in the log and without a secret."""
    (told,) = step.commands("error")
    return (
        f"log-agent itself failed: {name}." in told
        and "https://github.com/acme/log-agent/issues/new" in told
        and "::group::Traceback" in step.commands("group")
        and f"{name}: " in step.log
        and f"log-agent itself failed: {name}" in step.summary.replace("`", "")
        and "with ***" in step.log
        and "s3cr3t" not in step.log + json.dumps(step.outputs) + step.summary
    )
