import platform
import sys
from pathlib import Path

import pytest

from entrypoint.agent.environment.interpreter import PythonRequest, wanted
from entrypoint.agent.environment.requirements import Requirements, found
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place
from tests.unit.conftest import AGENT, link, write

OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_input_comes_first_then_the_file_then_the_project(workspace: Workspace) -> None:
    agent = workspace.root / AGENT
    assert wanted(None, agent, Requirements(), workspace) is None

    write(workspace, "pyproject.toml", '[project]\nname = "x"\nrequires-python = ">=3.12"\n')
    requirements = found(agent, workspace)
    place = Place("pyproject.toml", 3)
    project = PythonRequest(">=3.12", "`requires-python` in `pyproject.toml`", place)
    assert wanted(None, agent, requirements, workspace) == project

    write(workspace, ".python-version", "# ours\n\n3.12  # not newer\n")
    file = PythonRequest("3.12", "`.python-version`", Place(".python-version", 3))
    assert wanted(None, agent, requirements, workspace) == file

    assert wanted("3.13", agent, requirements, workspace) == PythonRequest(
        "3.13", "`python-version`"
    )


@pytest.mark.parametrize("version", [OWN, platform.python_version(), ">=3.11", f"=={OWN}.*"])
def test_the_image_s_own_will_do(version: str) -> None:
    assert PythonRequest(version, "").is_ours


@pytest.mark.parametrize("version", ["3.1", "3.99", ">=3.99", "<3.11", "pypy@3.11", "x"])
def test_the_image_s_own_will_not_do(version: str) -> None:
    assert not PythonRequest(version, "").is_ours


@pytest.mark.parametrize(
    ("target", "said"),
    [("/etc/passwd", "outside the workspace"), (".git/HEAD", "is a link to `.git/HEAD`")],
)
def test_a_version_file_that_leads_elsewhere(workspace: Workspace, target: str, said: str) -> None:
    write(workspace, ".git/HEAD", "3.12")
    link(workspace, ".python-version", Path(target))

    with pytest.raises(InputFailure, match=said) as raised:
        wanted(None, workspace.root / AGENT, Requirements(), workspace)
    assert raised.value.problems[0].place == Place(".python-version")


def test_a_version_file_that_is_too_large(workspace: Workspace) -> None:
    write(workspace, ".python-version", "\n" * 10_001)

    with pytest.raises(InputFailure, match="larger than 10 kB"):
        wanted(None, workspace.root / AGENT, Requirements(), workspace)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_version_file_may_be_written_as_windows_does(workspace: Workspace, encoding: str) -> None:
    write(workspace, ".python-version", "3.12\r\n".encode(encoding))

    python = wanted(None, workspace.root / AGENT, Requirements(), workspace)

    assert python
    assert python.version == "3.12"


def test_a_project_may_have_a_byte_order_mark(workspace: Workspace) -> None:
    text = '\ufeff[project]\nrequires-python = ">=3.10"\n'
    path = write(workspace, "pyproject.toml", text)

    python = wanted(None, workspace.root / AGENT, Requirements((path,)), workspace)

    assert python
    assert python.version == ">=3.10"


@pytest.mark.parametrize("version", ["3.99", "3.99.1", "x", "3.99t"])
def test_a_newer_python_judges_its_own_syntax(version: str) -> None:
    assert PythonRequest(version, "").may_be_newer


@pytest.mark.parametrize("version", ["3.1", "3.1.2", "<3.10", "~=3.9.0", "3", ">=3.10"])
def test_an_older_one_and_our_own_are_not_newer(version: str) -> None:
    assert not PythonRequest(version, "").may_be_newer


def test_a_specifier_may_ask_for_a_newer_one() -> None:
    newer = f">=3.{sys.version_info.minor + 1}"

    assert PythonRequest(newer, "").may_be_newer
