"""Files that say what a project requires, and of which nothing is read."""

from pathlib import Path

import pytest

from entrypoint.agent.environment.requirements import found, given
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Problem

AGENT = "agents/support/agent.py"
POETRY = '[tool.poetry.dependencies]\nmlflow = "==3.17.2"\n'
PDM = "[tool.pdm.dev-dependencies]\ntest = []\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write(tmp_path, AGENT, "")
    return Workspace(tmp_path)


def write(root: Path, name: str, text: str = "") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def problem(workspace: Workspace) -> Problem:
    with pytest.raises(InputFailure) as raised:
        found(workspace.root / AGENT, workspace)
    (only,) = raised.value.problems
    return only


@pytest.mark.parametrize(
    ("name", "text", "why", "command"),
    [
        ("pyproject.toml", POETRY, "it has no `[project]`, and Poetry's own", "poetry export"),
        ("pyproject.toml", PDM, "it has no `[project]`, and PDM's own table", "pdm export"),
        (
            "pyproject.toml",
            '[dependency-groups]\nagent = ["mlflow"]\n',
            "it has no `[project]`, and a dependency group",
            "uv pip compile --group agent --output-file requirements.txt",
        ),
        ("pyproject.toml", "[tool.ruff]\n", "it has no `[project]`.", "[project]\n"),
        ("setup.py", "", "only running it", "uv pip compile setup.py"),
        ("setup.cfg", "", "only building the package", "uv pip compile setup.cfg"),
        ("Pipfile", "", "Pipenv's format", "pipenv requirements > requirements.txt"),
        ("environment.yml", "", "conda's format", "pip freeze > requirements.txt"),
        ("conda.yaml", "", "conda's format", "pip freeze > requirements.txt"),
        ("requirements.in", "", "it isn't locked", "uv pip compile requirements.in"),
        ("requirements-prod.txt", "", "a file of that name", "requirements: agents/support/req"),
        ("requirements/prod.txt", "", "a file of that name", "requirements: agents/support/req"),
        ("uv.lock", "", "it is one half: its `pyproject.toml`", "uv export"),
    ],
)
def test_the_reason_says_what_is_there_and_the_command(
    workspace: Workspace, name: str, text: str, why: str, command: str
) -> None:
    write(workspace.root, f"agents/support/{name}", text)

    told = problem(workspace)

    assert f"`agents/support/{name}` is there, but {why}" in told.what
    assert command in told.fix
    assert str(told.place) == f"agents/support/{name}"


def test_a_groups_name_is_no_part_of_a_command_unless_it_is_a_word(workspace: Workspace) -> None:
    text = '[dependency-groups]\n"{x}`; rm" = []\n'
    write(workspace.root, "agents/support/pyproject.toml", text)

    assert "--group <group> --output-file" in problem(workspace).fix


def test_one_above_the_agents_folder_counts_too(workspace: Workspace) -> None:
    write(workspace.root, "pyproject.toml", POETRY)
    write(workspace.root, "poetry.lock")

    told = problem(workspace)

    assert "`pyproject.toml` is there, but it has no `[project]`" in told.what
    assert "`poetry.lock` is there, but Poetry's format isn't read." in told.what
    assert "cd " not in told.fix


def test_one_that_the_input_names_is_refused_where_it_is(workspace: Workspace) -> None:
    write(workspace.root, "envs/environment.yml")
    write(workspace.root, "pyproject.toml", POETRY)

    with pytest.raises(InputFailure) as raised:
        given(("envs/environment.yml", "pyproject.toml", "mlflow"), workspace)

    conda, poetry = raised.value.problems
    assert conda.what == "`requirements`: `envs/environment.yml`: conda's format isn't read."
    assert "cd envs\n    pip freeze" in conda.fix
    assert "Poetry's own table isn't read" in poetry.what


def test_a_file_that_is_read_is_no_problem(workspace: Workspace) -> None:
    write(workspace.root, "envs/requirements.in", "mlflow\n")
    write(workspace.root, "setup.py")
    write(workspace.root, "requirements.txt", "mlflow\n")

    assert given(("envs/requirements.in",), workspace).files
    assert found(workspace.root / AGENT, workspace).files
