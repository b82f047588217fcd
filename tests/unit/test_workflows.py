"""The workflows, by the tool that knows GitHub's expressions, contexts and runners."""

import os
import subprocess
from pathlib import Path

from tests.tools import do_without, program, require

ROOT = Path(__file__).parents[2]
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    require("go")
    environ = {**os.environ, "GOBIN": str(tmp_path)}
    built = subprocess.run(
        [program("go"), "install", ACTIONLINT],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        do_without("go", f"actionlint can't be had: {built.stderr.strip().splitlines()[-1]}")

    found = subprocess.run(
        [tmp_path / "actionlint", "-no-color"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout
