"""The rooms of the package: which of them may import which."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    """The rules of `pyproject.toml`, checked for the packages in the folder."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_import_goes_up_or_in_a_circle() -> None:
    found = linted(ROOT)

    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("module", "imported", "rule"),
    [
        ("inputs/workspace", "entrypoint.jobs.build", "A room imports those below it"),
        ("github/api", "entrypoint.databricks.preflight", "A room imports those below it"),
        ("runtime/errors", "entrypoint.runtime.log", "No modules import each other in a circle"),
        ("jobs/plan", "mlflow", "Only the registry imports MLflow"),
        ("agent/worker/__main__", "entrypoint.inputs.event", "imports nothing of the package"),
    ],
)
def test_an_import_that_breaks_a_rule_is_named(
    module: str, imported: str, rule: str, tmp_path: Path
) -> None:
    for package in ("entrypoint", "doubles"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("npm"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file = tmp_path / "entrypoint" / f"{module}.py"
    file.write_text(f"{file.read_text()}\nimport {imported}\n")

    found = linted(tmp_path)

    assert found.returncode == 1
    broken = found.stdout.partition("Broken contracts")[2]
    assert rule in broken
    # As a path of modules, or as names beside their package's.
    assert imported.rpartition(".")[2] in broken
