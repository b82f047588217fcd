"""What is taken along with the agent, and what never is."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from entrypoint.agent import artifact_inputs
from entrypoint.agent.code_paths import CodePaths, lay_out
from entrypoint.agent.manifest import laid_out
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure
from tests.unit.conftest import link, write


@pytest.fixture
def lib(workspace: Workspace) -> Iterator[Path]:
    """A folder to take along, in a checkout with what must not be."""
    for name in (".env", ".git/config", ".venv/lib/x.py", "agents/.databrickscfg", "kept/HEAD"):
        write(workspace, name, "token")
    for name in ("kept/objects", "kept/refs"):
        (workspace.root / name).mkdir()
    write(workspace, "data/facts.txt", "facts")
    yield write(workspace, "lib/tools.py", "x = 1\n").parent
    # Python's own way to remove a folder goes down by recursion.
    subprocess.run(["rm", "-rf", workspace.root], check=True)


def take(workspace: Workspace, tmp_path: Path, *names: str) -> CodePaths:
    return lay_out(map(workspace.existing, names), "", workspace, tmp_path / "code")


def taken(laid: CodePaths) -> list[str]:
    return sorted(str(path.relative_to(laid.folder)) for path in laid.folder.rglob("*.*"))


@pytest.mark.parametrize(
    "target",
    [
        "../.env",
        "../.git",
        "../.git/config",
        "../.venv/lib/x.py",
        "../.venv/lib",
        "../agents/.databrickscfg",
        "../kept",
        "../kept/HEAD",
        "chain",
        "../lib/../.env",
    ],
)
def test_a_link_to_what_is_never_shipped_is_left_out(
    workspace: Workspace, lib: Path, tmp_path: Path, target: str
) -> None:
    link(workspace, "lib/data.txt", Path(target))
    link(workspace, "agents/chain", Path("../.git/config"))
    (lib / "chain").symlink_to("../agents/chain")

    laid = take(workspace, tmp_path, "lib")

    assert taken(laid) == ["lib/tools.py"]
    assert set(laid.left_out) == {"lib/chain", "lib/data.txt"}


def test_what_is_in_a_linked_folder_is_looked_at_too(
    workspace: Workspace, lib: Path, tmp_path: Path
) -> None:
    write(workspace, "data/.env", "token")
    link(workspace, "data/token.txt", Path("../.env"))
    (lib / "data").symlink_to("../data")

    laid = take(workspace, tmp_path, "lib")

    assert taken(laid) == ["lib/data/facts.txt", "lib/tools.py"]
    assert not any(path.is_symlink() for path in laid.folder.rglob("*"))


@pytest.mark.parametrize("target", [".env", ".git", ".git/config", "kept"])
@pytest.mark.parametrize("is_link", [True, False])
def test_what_is_private_is_no_code_path(
    workspace: Workspace, lib: Path, target: str, *, is_link: bool
) -> None:
    link(workspace, "named", Path(target))

    with pytest.raises(ValueError, match="no part of an agent"):
        workspace.existing("named" if is_link else target)


@pytest.mark.parametrize("name", [".venv", ".venv/lib", "named"])
def test_a_code_path_that_is_never_shipped(
    workspace: Workspace, lib: Path, tmp_path: Path, name: str
) -> None:
    link(workspace, "named", Path(".venv/lib"))

    with pytest.raises(InputFailure, match="is never shipped"):
        take(workspace, tmp_path, name)


def nested(lib: Path, levels: int) -> None:
    parent = os.open(lib, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=parent)
        inner = os.open("d", os.O_RDONLY, dir_fd=parent)
        os.close(parent)
        parent = inner
    os.close(parent)


def doubled(lib: Path) -> None:
    """Links that make two of each folder below them, seventeen times."""
    for number in range(17):
        folder = lib.parent / f"d{number}"
        folder.mkdir()
        for name in "ab":
            (folder / name).symlink_to(f"../d{number + 1}")
    (lib.parent / "d17").mkdir()
    (lib / "d").symlink_to("../d0")


def round_in_circles(lib: Path) -> None:
    (lib / "other").symlink_to("../data")
    (lib.parent / "data/back").symlink_to("../lib")


def sparse(lib: Path) -> None:
    for number in range(30):
        with (lib / f"{number}.bin").open("wb") as file:
            file.truncate(40_000_000)


HOSTILE = [
    pytest.param(lambda lib: nested(lib, 3_000), "nests more than 50 folders deep", id="nested"),
    pytest.param(doubled, "more than 50,000 files and folders", id="doubled"),
    pytest.param(round_in_circles, "", id="circle"),
    pytest.param(lambda lib: os.mkfifo(lib / "pipe"), "a named pipe", id="pipe"),
    pytest.param(lambda lib: (lib / "l").symlink_to("l"), "leads nowhere", id="loop"),
    pytest.param(lambda lib: (lib / "l").symlink_to("gone"), "is a link out of", id="dangling"),
    pytest.param(lambda lib: (lib / "l").symlink_to("/etc"), "is a link out of", id="out"),
    pytest.param(lambda lib: (lib / "l").symlink_to("/dev/zero"), "is a link out of", id="device"),
    pytest.param(lambda lib: (lib / "l").symlink_to("."), "a folder that it is in", id="itself"),
]


@pytest.mark.parametrize(("make", "said"), HOSTILE)
def test_code_paths_that_are_refused(
    workspace: Workspace, lib: Path, tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    make(lib)

    with pytest.raises(InputFailure) as raised:
        take(workspace, tmp_path, "lib")

    (problem,) = raised.value.problems
    assert problem.what.startswith("`code-paths`: ")
    assert said in problem.what


def test_code_paths_are_bounded_together(workspace: Workspace, lib: Path, tmp_path: Path) -> None:
    sparse(lib)

    with pytest.raises(InputFailure, match="more than 1 GB"):
        take(workspace, tmp_path, "lib")


@pytest.mark.parametrize(("make", "said"), HOSTILE)
def test_artifacts_that_are_refused(
    workspace: Workspace, lib: Path, make: Callable[[Path], None], said: str
) -> None:
    make(lib)

    with pytest.raises(InputFailure) as raised:
        artifact_inputs.check([("data", lib)], "pyfunc", workspace)

    assert all(each.what.startswith("`artifacts`: `data`: ") for each in raised.value.problems)
    assert said in raised.value.problems[0].what


@pytest.mark.parametrize("target", ["../.env", "../.git", "../.git/config", "../kept/HEAD"])
def test_an_artifact_leads_to_nothing_private(workspace: Workspace, lib: Path, target: str) -> None:
    link(workspace, "lib/data.txt", Path(target))

    with pytest.raises(InputFailure, match=r"`lib/data\.txt` leads to `"):
        artifact_inputs.check([("data", lib)], "auto", workspace)


@pytest.mark.parametrize("name", [".env", ".git/config", "sub/.netrc"])
def test_an_artifact_holds_nothing_private(workspace: Workspace, lib: Path, name: str) -> None:
    write(workspace, f"lib/{name}", "token")

    with pytest.raises(InputFailure, match="is private"):
        artifact_inputs.check([("data", lib)], "auto", workspace)


def test_links_in_artifacts_are_followed_inside_the_workspace(
    workspace: Workspace, lib: Path, tmp_path: Path
) -> None:
    (lib / "facts.txt").symlink_to("../data/facts.txt")
    (lib / "data").symlink_to("../data")
    (tmp_path / "code").mkdir()

    artifact_inputs.check([("data", lib)], "auto", workspace)
    files, _ = laid_out(workspace.root / "agent.py", tmp_path / "code", [("data", lib)])

    assert sorted(files) == [
        "agent.py",
        "artifacts/lib/data/facts.txt",
        "artifacts/lib/facts.txt",
        "artifacts/lib/tools.py",
    ]
