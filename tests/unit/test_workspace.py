from pathlib import Path

import pytest

from entrypoint.workspace import Workspace
from tests.unit.conftest import AGENT, link, write

HOST = "/home/runner/work/agents/agents"


@pytest.mark.parametrize(
    ("text", "relative"),
    [
        (AGENT, AGENT),
        ("./agents//support/../support/agent.py", AGENT),
        (".", "."),
        (f"{HOST}/{AGENT}", AGENT),
        (f"{HOST}//{AGENT}", AGENT),
        (f"{HOST}/", "."),
        (HOST, "."),
        ("new/folder", "new/folder"),
    ],
)
def test_a_path_is_relative_to_the_workspace_or_to_the_hosts_name_of_it(
    workspace: Workspace, text: str, relative: str
) -> None:
    path = Workspace(workspace.root, HOST).path(text)

    assert path == workspace.root / relative
    assert workspace.relative(path) == relative


def test_the_workspaces_own_name_for_a_path_is_taken(workspace: Workspace) -> None:
    assert workspace.path(str(workspace.root / AGENT)) == workspace.root / AGENT


@pytest.mark.parametrize(
    "text",
    [
        "..",
        "agents/../../other",
        "/etc/passwd",
        f"{HOST}-2/agent.py",
        f"{HOST}/../../secret",
        "/",
    ],
)
def test_a_path_outside_is_refused(workspace: Workspace, text: str) -> None:
    with pytest.raises(ValueError, match=r"outside the workspace\. Name a path inside"):
        Workspace(workspace.root, HOST).path(text)


def test_a_sibling_whose_name_begins_like_the_workspaces_is_outside(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="outside the workspace"):
        workspace.path(f"../{workspace.root.name}-2/agent.py")


@pytest.mark.parametrize("text", ["link", "link/secret.txt"])
def test_a_link_that_leads_out_is_refused(workspace: Workspace, tmp_path: Path, text: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").touch()
    link(workspace, "link", tmp_path / "outside")

    with pytest.raises(ValueError, match="outside the workspace"):
        workspace.file(text)


def test_a_link_that_stays_inside_is_followed(workspace: Workspace) -> None:
    link(workspace, "main.py", Path(AGENT))

    assert workspace.file("main.py") == workspace.root / AGENT


def test_a_folder_is_no_file(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="`agents` is a folder, not a file"):
        workspace.file("agents")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("agents/support/agnet.py", "Did you mean `agents/support/agent.py`?"),
        (f"{HOST}/agents/support/agnet.py", "Did you mean `agents/support/agent.py`?"),
        ("agent", "Did you mean `agents`?"),
        ("agents/sales/agent.py", "Neither does the folder `agents/sales`."),
        ("README.md", "`README.md` does not exist."),
    ],
)
def test_a_missing_file_comes_with_what_is_there(
    workspace: Workspace, text: str, advice: str
) -> None:
    with pytest.raises(ValueError, match="does not exist") as raised:
        Workspace(workspace.root, HOST).file(text)

    assert str(raised.value).endswith(advice)


@pytest.mark.parametrize(
    "text",
    [
        "agent.py",
        pytest.param(AGENT),
    ],
)
def test_an_empty_workspace_means_that_the_checkout_is_missing(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="does not exist") as raised:
        Workspace(tmp_path.resolve()).file(text)

    assert "- uses: actions/checkout@" in str(raised.value)


def test_holds_what_is_in_it(workspace: Workspace) -> None:
    path = write(workspace, "a/b.txt", "")

    assert workspace.holds(path)
    assert workspace.holds(workspace.root)
    assert not workspace.holds(workspace.root.parent)
