"""What is said in several places is said the same in all of them."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from entrypoint.inputs.declarations import INPUTS
from entrypoint.inputs.inputs import BuildInputs, PromotionInputs
from entrypoint.inputs.workspace import Workspace
from entrypoint.report.result import Result
from entrypoint.runtime.errors import InputFailure

ROOT = Path(__file__).parents[3]
NAMES = [declared.name for declared in INPUTS]
OUTPUTS = list(Result().outputs)


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def program_help() -> str:
    return subprocess.run(
        [sys.executable, "-I", "-m", "entrypoint", "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "10000"},  # else it breaks lines at dashes too
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def table(heading: str) -> dict[str, list[str]]:
    """The README's table under a heading: the cells of every row, by the name in the first."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, flags=re.DOTALL | re.MULTILINE)
    assert section, f"README.md has no heading `## {heading}`"
    rows = re.findall(r"^\| *`([^`]+)` *\|(.*)\|$", section[1], flags=re.MULTILINE)
    assert len(dict(rows)) == len(rows), "a name stands in two rows"
    return {name: [cell.strip() for cell in re.split(r"(?<!\\)\|", cells)] for name, cells in rows}


def test_the_inputs_are_those_that_the_program_reads(tmp_path: Path) -> None:
    asked: set[str] = set()

    class Texts(dict[str, str]):
        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
            asked.add(name)
            return default

    workspace = Workspace(tmp_path.resolve())
    for inputs in (BuildInputs, PromotionInputs):
        with pytest.raises(InputFailure):
            inputs.read(Texts(), workspace)

    assert asked == set(NAMES)


def test_only_what_every_mode_needs_would_be_required(
    action: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(InputFailure) as raised:
        BuildInputs.read({}, Workspace(tmp_path.resolve()))

    assert [problem.what for problem in raised.value.problems] == ["`agent-path` is required."]
    # `mode: comment` has no agent.
    assert not [name for name in NAMES if "required" in action["inputs"][name]]


def test_the_action_declares_the_outputs(action: dict[str, Any]) -> None:
    assert list(action["outputs"]) == OUTPUTS
    assert all(output["description"].strip() for output in action["outputs"].values())


@pytest.mark.parametrize("declared", INPUTS, ids=NAMES)
def test_help_names_every_input(program_help: str, declared: Any) -> None:
    told = " ".join(program_help.split())
    default = f" Default: {declared.default}" if declared.default else ""

    assert f"--{declared.name} TEXT {declared.description}{default}" in told


def test_the_readme_lists_the_inputs_with_their_defaults() -> None:
    rows = table("Inputs")

    # A default is one code span; other words say what happens without the input.
    spans = {name: re.fullmatch(r"`([^`]*)`", cells[0]) for name, cells in rows.items()}
    assert {name: span[1] if span else "" for name, span in spans.items()} == {
        declared.name: declared.default for declared in INPUTS
    }
    assert [name for name, cells in rows.items() if len(cells) != 2 or not cells[1]] == []


def test_the_readme_lists_the_outputs() -> None:
    rows = table("Outputs")

    assert list(rows) == OUTPUTS
    assert [name for name, cells in rows.items() if len(cells) != 1 or not cells[0]] == []


def test_the_changelog_begins_with_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    versions = re.findall(r"^## \[?v?(\d+\.\d+\.\d+)\b", changelog, flags=re.MULTILINE)
    assert versions[:1] == [project["version"]]
