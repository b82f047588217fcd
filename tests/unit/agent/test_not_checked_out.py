"""What checkout leaves out unless it is told to fetch it."""

from pathlib import Path

import pytest

from entrypoint.agent import not_checked_out
from entrypoint.agent.environment import requirements
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Problem

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7c5a28a1f3f8d9e0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3\n"
    "size 48605698\n"
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write(tmp_path, "agent.py", "import mlflow\n")
    return Workspace(tmp_path)


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(text.encode())


def problems(workspace: Workspace, **texts: str) -> tuple[Problem, ...]:
    given = {"agent-path": "agent.py"} | {k.replace("_", "-"): v for k, v in texts.items()}
    try:
        not_checked_out.check(given, workspace)
    except InputFailure as failure:
        return failure.problems
    return ()


@pytest.mark.parametrize(
    "name", ["agent-path", "resources-file", "model-config", "input-example", "signature"]
)
def test_a_file_that_an_input_names_may_be_a_pointer(workspace: Workspace, name: str) -> None:
    write(workspace.root, "given", POINTER)

    (problem,) = problems(workspace, **{name: "given"})

    assert problem.what == f"`{name}`: `given` is a Git LFS pointer, not the file itself."
    assert "uses: actions/checkout@v7\n      with:\n        lfs: true" in problem.fix
    assert str(problem.place) == "given"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"artifacts": "weights=models/a.gguf"}, "`artifacts`: `weights`: `models/a.gguf` is a"),
        (
            {"artifacts": "all=models"},
            "`artifacts`: `all`: `models` holds `models/a.gguf`, which is a",
        ),
        ({"code_paths": "models"}, "`code-paths`: `models` holds `models/a.gguf`, which is a"),
        ({"code_paths": "link"}, "`code-paths`: `models` holds `models/a.gguf`, which is a"),
        ({"requirements": "models/a.gguf"}, "`requirements`: `models/a.gguf` is a"),
    ],
)
def test_so_may_what_is_in_a_folder(
    workspace: Workspace, given: dict[str, str], shown: str
) -> None:
    write(workspace.root, "models/a.gguf", POINTER.replace("\n", "\r\n"))
    (workspace.root / "link").symlink_to("models")

    (problem,) = problems(workspace, **given)

    assert problem.what.startswith(f"{shown} Git LFS pointer")


def test_several_are_one_problem_that_lists_them(workspace: Workspace) -> None:
    write(workspace.root, "models/a.gguf", POINTER)
    write(workspace.root, "models/b.gguf", POINTER)
    write(workspace.root, "example.json", POINTER)

    (problem,) = problems(workspace, input_example="example.json", artifacts="all=models")

    assert "(and 2 more)" in problem.what
    assert problem.detail.split("\n") == ["example.json", "models/a.gguf", "models/b.gguf"]


@pytest.mark.parametrize(
    "text",
    [
        "version https://git-lfs.github.com/spec/v1\nis how a pointer begins.\n",
        f"A pointer looks like this:\n{POINTER}",
        POINTER + "x" * 1_000,
    ],
)
def test_a_file_that_speaks_of_pointers_is_none(workspace: Workspace, text: str) -> None:
    write(workspace.root, "docs/lfs.md", text)

    assert problems(workspace, code_paths="docs") == ()


def test_what_is_private_is_not_looked_into(workspace: Workspace) -> None:
    write(workspace.root, "agents/.git/lfs", POINTER)
    write(workspace.root, "agents/tool.py", "")

    assert problems(workspace, code_paths="agents") == ()


def with_submodule(workspace: Workspace, path: str = "libs/shared", at: str = "") -> None:
    text = f'\ufeff[submodule "x"]\r\n\tpath = {path}\r\n\turl = https://example.com/x.git\r\n'
    write(workspace.root, f"{at}.gitmodules", text)
    (workspace.root / at / path).mkdir(parents=True)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (
            {"code_paths": "libs/shared"},
            "`code-paths`: `libs/shared` is empty: a submodule that was not checked out.",
        ),
        (
            {"code_paths": "libs"},
            "`code-paths`: `libs` holds `libs/shared`, a submodule that was not checked out.",
        ),
        (
            {"artifacts": "prompts=libs/shared/prompts"},
            "`artifacts`: `prompts`: `libs/shared/prompts` is in `libs/shared`, a submodule",
        ),
        (
            {"agent_path": "libs/shared/agent.py"},
            "`agent-path`: `libs/shared/agent.py` is in `libs/shared`, a submodule",
        ),
    ],
)
def test_a_submodule_that_was_not_fetched(
    workspace: Workspace, given: dict[str, str], what: str
) -> None:
    with_submodule(workspace)

    (problem,) = problems(workspace, **given)

    assert problem.what.startswith(what)
    assert "submodules: true" in problem.fix
    assert str(problem.place) == ".gitmodules"


def test_a_submodule_of_a_submodule_is_fetched_by_another_line(workspace: Workspace) -> None:
    with_submodule(workspace)
    with_submodule(workspace, "inner", at="libs/shared/")

    (problem,) = problems(workspace, code_paths="libs/shared/inner")

    assert "is empty: a submodule that was not checked out" in problem.what
    assert "submodules: recursive" in problem.fix


def test_a_submodule_that_is_there_or_that_no_input_needs_is_no_problem(
    workspace: Workspace,
) -> None:
    with_submodule(workspace)
    write(workspace.root, "tools/search.py", "")
    assert problems(workspace, code_paths="tools", requirements="mlflow\nlibs") == ()

    write(workspace.root, "libs/shared/text.py", "")
    assert problems(workspace, code_paths="libs/shared") == ()


@pytest.mark.parametrize("given", [{"code_paths": "empty"}, {"artifacts": "prompts=empty"}])
def test_an_empty_folder_would_be_logged_as_nothing(
    workspace: Workspace, given: dict[str, str]
) -> None:
    (workspace.root / "empty/inner").mkdir(parents=True)

    (problem,) = problems(workspace, **given)

    assert "`empty` is empty: nothing of it would be logged." in problem.what


def test_a_gitmodules_that_leads_astray_is_of_no_consequence(workspace: Workspace) -> None:
    write(
        workspace.root, ".gitmodules", "path = ../../etc\npath = .\npath = .git\npath = agent.py\n"
    )

    assert problems(workspace) == ()


def test_a_package_that_is_required_by_its_path_may_be_in_a_submodule(
    workspace: Workspace,
) -> None:
    with_submodule(workspace)
    write(workspace.root, "requirements.txt", "mlflow\n-e ./libs/shared\n")

    with pytest.raises(InputFailure) as raised:
        requirements.found(workspace.root / "agent.py", workspace)

    (problem,) = raised.value.problems
    assert "`requirements`: `libs/shared` is empty: a submodule that was not" in problem.what


def test_pointers_beside_what_is_packed_of_a_package_are_no_problem(workspace: Workspace) -> None:
    write(workspace.root, "requirements.txt", "-e .\n")
    write(workspace.root, "pyproject.toml", "[tool.ruff]\n")
    write(workspace.root, "tests/data.bin", POINTER)

    assert requirements.found(workspace.root / "agent.py", workspace).files


def test_a_requirement_file_that_is_found_may_be_a_pointer(workspace: Workspace) -> None:
    write(workspace.root, "requirements.txt", POINTER)

    with pytest.raises(InputFailure, match=r"`requirements\.txt` is a Git LFS pointer"):
        requirements.found(workspace.root / "agent.py", workspace)
