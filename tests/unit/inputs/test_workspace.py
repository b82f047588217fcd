import os
import re
import socket
from pathlib import Path

import pytest

from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.untrusted_file import Bound
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
        ("agents\\support\\agent.py", "not with `\\`: `agents/support/agent.py`."),
        ("C:\\agents\\agent.py", "Paths are written with `/`, and not with `\\`."),
        ("..\\..\\etc\\passwd", "Paths are written with `/`, and not with `\\`."),
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (".git/config", "is in `.git`"),
        ("config.yml", "`config.yml` is a link to `.git/config`"),
        ("vendor/lib/.git", "is in `vendor/lib/.git`"),
        ("chain", "`chain` is a link to `config.yml`"),
        ("folder/config", "`folder` is a link to `.git`"),
        ("agents/../folder/config", "`folder` is a link to `.git`"),
        ("kept/config", "is in `kept`"),
        (".ENV", "is in `.ENV`"),
        ("settings.yml", "`settings.yml` is a link to `.ENV`"),
        ("passwd", "`passwd` is a link to `/etc/passwd`"),
        ("passwd/../passwd", "`passwd` is a link to `/etc/passwd`"),
    ],
)
def test_what_is_private_is_no_input(workspace: Workspace, text: str, said: str) -> None:
    for name in (".git/config", "vendor/lib/.git", ".ENV", "kept/config", "kept/HEAD"):
        write(workspace, name, "")
    for name in ("kept/objects", "kept/refs"):
        (workspace.root / name).mkdir()
    for name, target in {
        "config.yml": ".git/config",
        "chain": "config.yml",
        "folder": ".git",
        "settings.yml": ".ENV",
        "passwd": "/etc/passwd",
    }.items():
        link(workspace, name, Path(target))

    for read in (workspace.path, workspace.file, workspace.existing):
        with pytest.raises(ValueError, match=re.escape(said)):
            read(text)


@pytest.mark.parametrize("text", ["pipe", "socket"])
def test_what_is_no_file_is_told_for_what_it_is(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    os.mkfifo(workspace.root / "pipe")
    monkeypatch.chdir(workspace.root)  # a socket's address is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")

    with pytest.raises(ValueError, match=r"is a (named pipe|socket), not a file"):
        workspace.file(text)


def test_a_folder_of_our_own(workspace: Workspace) -> None:
    folder = Workspace(workspace.root, HOST).own_folder(f"{HOST}/.cache//log-agent/../log-agent")

    assert folder == workspace.root / ".cache/log-agent"
    folder.mkdir(parents=True)
    assert workspace.own_folder(".cache/log-agent") == folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (".cache/log-agent", "`.cache/log-agent` is a link (to `../.git`)"),
        (".cache/log-agent/uv", "`.cache/log-agent` is a link"),
        ("inside", "`inside` is a link (to `agents`)"),
        ("loop/x", "`loop` is a link"),
        ("dangling", "`dangling` is a link"),
        (".git", "is in `.git`"),
        (".git/hooks", "is in `.git`"),
        ("vendor/lib/.git/x", "is in `vendor/lib/.git`"),
        (".", "is the workspace itself"),
        ("agents/..", "is the workspace itself"),
        ("..", "is outside the workspace"),
        ("/tmp", "is outside the workspace"),
        (f"{AGENT}/x", f"`{AGENT}` is not a folder"),
        (AGENT, f"`{AGENT}` is not a folder"),
        ("a\0b", "can't be a path"),
        ("a" * 300, "can't be a path"),
    ],
)
def test_a_folder_that_cannot_be_our_own(workspace: Workspace, text: str, said: str) -> None:
    (workspace.root / ".git").mkdir()
    (workspace.root / "vendor/lib/.git").mkdir(parents=True)
    for name, target in {
        ".cache/log-agent": "../.git",
        "inside": "agents",
        "loop": "loop",
        "dangling": "nowhere",
    }.items():
        link(workspace, name, Path(target))

    with pytest.raises(ValueError, match=re.escape(said)):
        workspace.own_folder(text)


@pytest.mark.parametrize(
    ("name", "shown"), [(".cache/log-agent", ".cache/log-agent"), (".cache", ".cache"), (".", ".")]
)
def test_a_folder_that_others_can_change_is_not_our_own_beside_them(
    workspace: Workspace, name: str, shown: str
) -> None:
    folder = workspace.own_folder(".cache/log-agent")
    folder.mkdir(parents=True)
    (workspace.root / name).chmod(0o777)
    shared = Workspace(workspace.root, is_shared=True)

    with pytest.raises(ValueError, match=re.escape(f"`chmod o-w {shown}`")):
        shared.own_folder(".cache/log-agent")
    assert workspace.own_folder(".cache/log-agent") == folder
    (workspace.root / name).chmod(0o1777)
    assert shared.own_folder(".cache/log-agent") == folder


def test_a_file_that_is_too_large_is_not_read(workspace: Workspace) -> None:
    path = write(workspace, "a.txt", "12345")

    assert workspace.read(path, Bound(5, "")) == b"12345"
    with pytest.raises(ValueError, match=r"`a\.txt` can't be read: it is larger .* Write less\."):
        workspace.read(path, Bound(4, "Write less."))


def test_what_has_become_a_link_is_not_read(workspace: Workspace, tmp_path: Path) -> None:
    path = workspace.file(AGENT)
    folder = path.parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ValueError, match="`support` is a link"):
        workspace.read(path, Bound(100, ""))


def test_no_folder_is_made_of_a_path_with_backslashes(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match=r"written with `/`: `\.cache/log-agent`"):
        workspace.own_folder(".cache\\log-agent")


def test_a_git_lfs_pointer_is_not_what_is_read(workspace: Workspace) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 1\n"
    path = write(workspace, "config.yml", pointer)

    with pytest.raises(ValueError, match=r"`config\.yml` is a Git LFS pointer, not the file"):
        workspace.read(path, Bound(1_000, ""))


def test_what_dvc_keeps_is_fetched_by_it(workspace: Workspace) -> None:
    write(workspace, "models/weights.bin.dvc", "outs: []\n")

    with pytest.raises(ValueError, match=r"run `dvc pull models/weights\.bin` in a step before"):
        workspace.existing("models/weights.bin")
