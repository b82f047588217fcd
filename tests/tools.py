"""The tools that a test may need and a machine may lack."""

import os
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from doubles.programs import program

# Each with a command that succeeds only where the tool can be used.
_PROBES = {
    "docker": ("docker", "info"),
    "git": ("git", "--version"),
    "go": ("go", "version"),
    "java": ("java", "-version"),
    "maven": ("mvn", "--version"),
    "npm": ("npm", "--version"),
    "openssl": ("openssl", "version"),
    "postgresql": ("postgres", "--version"),
    "setpriv": ("setpriv", "--version"),
}


def missing(tool: str) -> str:
    """Why the tool can't be used here, empty when it can."""
    name, *arguments = _PROBES[tool]
    path = program(name)
    if not path:
        return f"{tool} is missing: there is no `{name}` on PATH"
    probe = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if probe.returncode == 0:
        return ""
    said = (probe.stderr or probe.stdout).strip().splitlines() or [f"status {probe.returncode}"]
    return f"{tool} doesn't work: {said[-1]}"


def require(tool: str) -> None:
    """Skip the test when the tool is missing; fail it when REQUIRE_TOOLS names the tool."""
    reason = missing(tool)
    if reason:
        do_without(tool, reason)


def do_without(tool: str, reason: str) -> NoReturn:
    """Skip the test, or fail it when REQUIRE_TOOLS names the tool."""
    if tool in os.environ.get("REQUIRE_TOOLS", "").split():
        pytest.fail(f"{reason}, and REQUIRE_TOOLS demands it", pytrace=False)
    pytest.skip(reason)


def go_install(package: str, folder: Path) -> Path:
    """Build a program of Go's into a folder, or do without where it can't be had."""
    require("go")
    built = subprocess.run(
        [program("go"), "install", package],
        env={**os.environ, "GOBIN": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        do_without("go", f"{package} can't be had: {built.stderr.strip().splitlines()[-1]}")
    return folder / package.partition("@")[0].rpartition("/")[2]
