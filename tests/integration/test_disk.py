"""Disks that take no more: what is full or closed is named, and no traceback is shown."""

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from doubles.runner import Step
from tests import tools
from tests.integration.conftest import Checkout

pytestmark = pytest.mark.exhaustive

# The program, in a mount namespace of its own.
MOUNTED = """
import json, os, runpy, subprocess

for command in json.loads(os.environ["MOUNTS"]):
    subprocess.run(["mount", *command], check=True)
runpy.run_module("entrypoint", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(autouse=True)
def mounts(checkout: Checkout) -> None:
    """Skip the test where nothing can be mounted."""
    probe = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", str(checkout.folder)]
    try:
        subprocess.run(probe, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        tools.do_without("mount", f"nothing can be mounted: {error}")
    program = (sys.executable, "-I", "-c", MOUNTED)
    checkout.runner.program = ("unshare", "-m", *program)


def run(checkout: Checkout, *mounts: list[str], inputs: Mapping[str, str] | None = None) -> Step:
    # What is mounted can't be entered by who stands below it already.
    folder = checkout.runner.workspace / ".log-agent"
    folder.mkdir(exist_ok=True)
    given = {"verify": "off", **(inputs or {})}
    return checkout.run(given=given, env={"MOUNTS": json.dumps(mounts)})


def small(checkout: Checkout, name: str, size: str) -> list[str]:
    folder = checkout.runner.workspace / name
    folder.mkdir(exist_ok=True)
    return ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]


# Too little for uv, and for the agent's process.
@pytest.mark.parametrize("size", ["4k", "24k"])
def test_temporary_files(checkout: Checkout, size: str) -> None:
    name = f"{checkout.name}/tmp"
    temporary = str(checkout.runner.workspace / name)
    checkout.runner.environ = {"TMPDIR": temporary}

    step = run(checkout, small(checkout, name, size))

    assert is_told(step, f"The disk is full: the folder for temporary files, TMPDIR (`{temporary}`")


def test_the_cache(checkout: Checkout) -> None:
    name = f"{checkout.name}/cache"

    step = run(checkout, small(checkout, name, "60k"), inputs={"cache-dir": name})

    assert is_told(step, "The disk is full: the folder of `cache-dir`")


def test_the_embedded_store(checkout: Checkout) -> None:
    step = run(checkout, small(checkout, ".log-agent", "100k"))

    assert is_told(step, "The disk is full: the folder of `tracking-uri`, the embedded store")


def test_the_folder_of_the_report_alone(checkout: Checkout) -> None:
    name = f"{checkout.name}/report"

    step = run(
        checkout, small(checkout, name, "4k"), inputs={"report-path": name, "mode": "preview"}
    )

    assert step.status == 0, step.log
    (warning,) = step.commands("warning")
    assert "`report-path`: the report can't be saved" in warning
    assert "The disk is full: the folder of `report-path`" in warning


@pytest.mark.parametrize("name", ["cache-dir", "tracking-uri"])
def test_a_workspace_that_is_read_only(checkout: Checkout, name: str) -> None:
    workspace = str(checkout.runner.workspace)
    mounts = [["--bind", workspace, workspace], ["-o", "remount,ro,bind", workspace]]
    cache = ".cache" if name == "cache-dir" else ""

    step = run(checkout, *mounts, inputs={"cache-dir": cache})

    folder = cache or ".log-agent"
    assert is_told(step, f"`{name}`: `{folder}` can't be written: the file system is read-only")


def is_told(step: Step, what: str) -> bool:
    """Whether that is the one error, in the log, the outputs and the summary."""
    (error,) = step.commands("error")
    assert what in error, step.log
    return (
        step.status == 1
        and "Traceback" not in step.log
        and what in step.result["problems"][0]["what"]
        and step.summary.startswith("## ❌")
    )
