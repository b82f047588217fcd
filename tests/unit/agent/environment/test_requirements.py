import re
from pathlib import Path

import pytest

from entrypoint.agent.environment.interpreter import PythonRequest, wanted
from entrypoint.agent.environment.requirements import Requirements, found, given, is_package
from entrypoint.agent.environment.uv_lock import indexes
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place
from tests.unit.conftest import AGENT, link, write


@pytest.mark.parametrize(
    ("files", "first"),
    [
        (["uv.lock", "pyproject.toml", "requirements.txt"], "uv.lock"),
        (["pyproject.toml", "requirements.txt"], "pyproject.toml"),
        (["requirements.txt"], "requirements.txt"),
        (["uv.lock", "requirements.txt"], "requirements.txt"),
        (["../requirements.txt", "requirements.txt"], "requirements.txt"),
        (["../uv.lock", "../pyproject.toml", "requirements.txt"], "requirements.txt"),
        (["../requirements.txt", "../../uv.lock", "../../pyproject.toml"], "../requirements.txt"),
        (["../../requirements.txt"], "../../requirements.txt"),
        (["../sales/requirements.txt", "../../pyproject.toml"], "../../pyproject.toml"),
    ],
)
def test_are_found_next_to_the_agent_then_upwards(
    workspace: Workspace, files: list[str], first: str
) -> None:
    folder = workspace.root / "agents" / "support"
    for name in files:
        write(workspace, f"agents/support/{name}", "[project]\n")

    assert found(workspace.root / AGENT, workspace) == Requirements(((folder / first).resolve(),))


def test_a_folder_is_no_requirements_file(workspace: Workspace) -> None:
    (workspace.root / "agents" / "support" / "requirements.txt").mkdir()
    path = write(workspace, "requirements.txt", "")

    assert found(workspace.root / AGENT, workspace) == Requirements((path,))


def test_are_not_found_above_the_workspace(workspace: Workspace) -> None:
    (workspace.root.parent / "requirements.txt").touch()

    with pytest.raises(InputFailure) as raised:
        found(workspace.root / AGENT, workspace)

    (problem,) = raised.value.problems
    assert problem.what.startswith("`requirements`: there is no `uv.lock`, `pyproject.toml` or ")
    assert "`agents/support`" in problem.what
    assert "`agents/support/requirements.txt`" in problem.fix
    assert "with:\n      requirements: |\n" in problem.fix


def test_what_a_link_finds_outside_the_workspace_is_not_taken(workspace: Workspace) -> None:
    outside = workspace.root.parent / "requirements.txt"
    outside.touch()
    link(workspace, "agents/support/requirements.txt", outside)

    with pytest.raises(InputFailure, match=r"`agents/support/requirements\.txt` is a link to"):
        found(workspace.root / AGENT, workspace)


@pytest.mark.parametrize(
    "text", ["requirements.txt", "envs/prod.txt", "envs/base.in", "pyproject.toml", "a/uv.lock"]
)
def test_files_are_told_by_their_names(workspace: Workspace, text: str) -> None:
    path = write(workspace, text, "")

    assert given((text,), workspace) == Requirements(files=(path,))


@pytest.mark.parametrize(
    "text",
    [
        "mlflow",
        "mlflow==3.17.2",
        "databricks-openai[dev]>=0.5; python_version > '3.10'",
        "pkg @ https://host/pkg.txt",
        "git+https://host/x.in",
        "--extra-index-url https://host/requirements.txt",
    ],
)
def test_what_names_no_file_is_a_requirement(workspace: Workspace, text: str) -> None:
    assert given((text,), workspace) == Requirements(lines=(text,))


def test_files_and_lines_can_be_given_together(workspace: Workspace) -> None:
    base, extra = (write(workspace, name, "") for name in ("base.txt", "extra.txt"))

    requirements = given(("base.txt", "mlflow", "extra.txt", "openai"), workspace)

    assert requirements == Requirements((base, extra), ("mlflow", "openai"))


def test_every_file_that_is_not_there_is_told(workspace: Workspace) -> None:
    write(workspace, "requirements.txt", "")

    with pytest.raises(InputFailure) as raised:
        given(("requirement.txt", "../secret.txt", "mlflow"), workspace)

    assert [problem.what.split(". ")[0] for problem in raised.value.problems] == [
        "`requirements`: `requirement.txt` does not exist",
        "`requirements`: `../secret.txt` is outside the workspace",
    ]


@pytest.mark.parametrize("text", ["# see base.txt", "openai  # pinned in base.txt"])
def test_a_comment_names_no_file(workspace: Workspace, text: str) -> None:
    assert given((text,), workspace).files == ()


def test_a_pyproject_without_a_project_is_passed_over(workspace: Workspace) -> None:
    write(workspace, "pyproject.toml", "[tool.ruff]\nline-length = 100\n")
    path = write(workspace, "requirements.txt", "mlflow\n")

    assert found(workspace.root / AGENT, workspace) == Requirements((Path(path),))


def test_a_member_is_found_in_the_lock_above(workspace: Workspace) -> None:
    write(workspace, "agents/support/pyproject.toml", '[project]\nname = "support"\n')
    lock = write(
        workspace,
        "uv.lock",
        '[manifest]\nmembers = ["support"]\n'
        '[[package]]\nname = "support"\nsource = { virtual = "agents/support" }\n',
    )
    agent = workspace.root / AGENT

    assert found(agent, workspace) == Requirements((lock,), member="support")
    assert given(("uv.lock",), workspace, agent) == Requirements((lock,), member="support")

    lock.write_text(lock.read_text().replace("agents/support", "agents/sales"))
    assert found(agent, workspace).files == (workspace.root / "agents/support/pyproject.toml",)


@pytest.mark.parametrize("text", ["-e ./pkg", "./pkg[x]", "pkg @ ./pkg"])
def test_paths_in_lines_are_relative_to_the_workspace(workspace: Workspace, text: str) -> None:
    write(workspace, "pkg/pyproject.toml", "")

    requirements = given((text,), workspace)

    assert requirements.lines == (text.replace("./pkg", str(workspace.root / "pkg")),)
    with pytest.raises(InputFailure, match="does not exist"):
        given((text.replace("./pkg", "./nope"),), workspace)
    with pytest.raises(InputFailure, match="outside the workspace"):
        given((text.replace("./pkg", "../pkg"),), workspace)


def test_options_name_files_too(workspace: Workspace) -> None:
    base, limits = (write(workspace, name, "") for name in ("base.in", "limits.lock"))

    requirements = given(("--requirement=base.in", "-c limits.lock"), workspace)

    assert requirements == Requirements((base,), constraints=(limits,))


@pytest.mark.parametrize(
    "lock",
    [
        "package = 3",
        "package = [3]",
        'manifest = 3\n[[package]]\nsource = "x"',
        '[manifest]\nmembers = 3\n[[package]]\nsource = { virtual = "agents/support" }',
        '[manifest]\nmembers = ["x"]\n[[package]]\nname = 3\nsource = { editable = ["x"] }',
        "[[package]]\nsource = { registry = 3 }",
        '[[package]]\nsource = { registry = "https://a\\n-r /etc/passwd" }',
        "requires-python = 3",
        "x = " + "[" * 5_000,
        b"x = '\xff'",
    ],
)
def test_an_odd_lock_is_left_to_uv(workspace: Workspace, lock: str | bytes) -> None:
    write(workspace, "agents/support/pyproject.toml", '[project]\nname = "support"\n')
    path = write(workspace, "uv.lock", lock)
    agent = workspace.root / AGENT

    requirements = given(("uv.lock",), workspace, agent)

    assert (requirements.files, requirements.member, requirements.read) == ((path,), "", ())
    assert found(agent, workspace).files == (workspace.root / "agents/support/pyproject.toml",)
    assert wanted(None, agent, requirements, workspace) is None
    assert not [option for option in indexes(path) if "passwd" in option]


@pytest.mark.parametrize(
    "text",
    [
        "tool = 3",
        "tool.uv = []",
        "tool.uv = 3",
        "tool.uv.sources = 3",
        "tool.uv.sources = { a = [3, { path = 3 }] }",
        "project = 3",
        "[project]\ndependencies = 3",
        "[project]\nrequires-python = [3]",
        '[project]\n"requires\\u002dpython" = ">=3.11"',
    ],
)
def test_an_odd_project_is_left_to_uv(workspace: Workspace, text: str) -> None:
    path = write(workspace, "pyproject.toml", text)
    agent = workspace.root / AGENT

    requirements = given(("pyproject.toml",), workspace, agent)

    assert requirements.read == ()
    assert not is_package(path)
    assert wanted(None, agent, requirements, workspace) in (
        None,
        PythonRequest(
            ">=3.11", "`requires-python` in `pyproject.toml`", Place("pyproject.toml", 1)
        ),
    )


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml", "requirements.txt"])
@pytest.mark.parametrize("is_found", [True, False])
def test_a_file_that_is_too_large_is_told(
    workspace: Workspace, name: str, *, is_found: bool
) -> None:
    write(workspace, "pyproject.toml", "")
    with write(workspace, name, "").open("wb") as file:
        file.truncate(50_000_000)
    agent = workspace.root / AGENT

    def read() -> None:
        requirements = found(agent, workspace) if is_found else given((name,), workspace, agent)
        wanted(None, agent, requirements, workspace)

    with pytest.raises(InputFailure, match=rf"`{re.escape(name)}` can't be read: it is larger"):
        read()


def test_a_line_is_one_line(workspace: Workspace) -> None:
    with pytest.raises(InputFailure, match="Write one requirement a line"):
        given(("six\r-r /etc/passwd",), workspace)
