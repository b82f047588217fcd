"""The tools that a test may need and a machine may lack."""

import os
import shutil
import subprocess

import pytest

# Each with a command that succeeds only where the tool can be used.
_PROBES = {
    "docker": ("docker", "info"),
    "go": ("go", "version"),
    "maven": ("mvn", "--version"),
    "npm": ("npm", "--version"),
}


def missing(tool: str) -> str:
    """Why the tool can't be used here, empty when it can."""
    program, *arguments = _PROBES[tool]
    if not shutil.which(program):
        return f"{tool} is missing: there is no `{program}` on PATH"
    probe = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if probe.returncode == 0:
        return ""
    said = (probe.stderr or probe.stdout).strip().splitlines() or [f"status {probe.returncode}"]
    return f"{tool} doesn't work: {said[-1]}"


def require(tool: str) -> None:
    """Skip the test when the tool is missing; fail it when REQUIRE_TOOLS names the tool."""
    reason = missing(tool)
    if not reason:
        return
    if tool in os.environ.get("REQUIRE_TOOLS", "").split():
        pytest.fail(f"{reason}, and REQUIRE_TOOLS demands it", pytrace=False)
    pytest.skip(reason)
