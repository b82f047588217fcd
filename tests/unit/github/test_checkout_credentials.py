"""Settings as `actions/checkout` makes them with git; the token is none."""

import os
import subprocess
from pathlib import Path

import pytest

from doubles.programs import program
from entrypoint.github.checkout_credentials import notice
from tests.tools import require

HEADER = ("http.https://github.com/.extraheader", "AUTHORIZATION: basic eDp5")
INCLUDE = (
    "includeIf.gitdir:/github/workspace/.git.path",
    "/github/runner_temp/git-credentials-6f1c2a0e-8d35-4a44-9a43-4c57d5f9a001.config",
)
SSH = ("core.sshCommand", '"/usr/bin/ssh" -i "$RUNNER_TEMP/6f1c2a0e" -o CheckHostIP=no')


@pytest.fixture(autouse=True)
def _git() -> None:
    require("git")


def git(folder: Path, *arguments: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent"}
    subprocess.run([program("git"), *arguments], cwd=folder, env=environ, check=True)


def repository(folder: Path, *settings: tuple[str, str]) -> Path:
    git(folder, "init", "--quiet", "--initial-branch=main")
    for setting in settings:
        git(folder, "config", "--local", *setting)
    return folder / ".git"


@pytest.mark.parametrize("setting", [HEADER, INCLUDE, SSH], ids=["v5", "v6", "ssh-key"])
@pytest.mark.parametrize("folder", ["", "pr"])
def test_credentials_that_were_left_are_told(
    tmp_path: Path, folder: str, setting: tuple[str, str]
) -> None:
    repository(tmp_path / folder, setting)

    told = notice(tmp_path)

    assert told
    assert f"`{Path(folder, '.git/config')}`" in told.what
    assert "persist-credentials: false" in told.fix
    assert "eDp5" not in f"{told}"


@pytest.mark.parametrize("name", ["library", "libs/a", "a/modules/b"])
def test_those_of_submodules_are_told(tmp_path: Path, name: str) -> None:
    modules = repository(tmp_path) / "modules"
    repository(modules / name, HEADER)
    (modules / name / ".git").rename(modules / "made")
    (modules / name).rmdir()
    (modules / "made").rename(modules / name)

    told = notice(tmp_path)

    assert told
    assert f"`.git/modules/{name}/config`" in told.what


@pytest.mark.parametrize(
    "settings",
    [
        (),
        (("http.https://github.com/.extraheader", ""), ("core.sshCommand", "ssh -v")),
        (("http.https://github.com/.extraheader", "X-Trace: 1"),),
        (("include.path", "../.gitconfig"), ("remote.origin.url", "https://github.com/acme/a")),
        (("user.name", "extraheader = AUTHORIZATION: basic"),),
    ],
)
def test_other_settings_are_no_credentials(
    tmp_path: Path, settings: tuple[tuple[str, str], ...]
) -> None:
    repository(tmp_path, *settings)

    assert notice(tmp_path) is None


def test_without_a_repository_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/.git").write_text("gitdir: ../.git/modules/agents")

    assert notice(tmp_path) is None


def test_no_link_is_followed_and_no_pipe_is_waited_for(tmp_path: Path) -> None:
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "root"
    git_folder = repository(elsewhere, HEADER)
    for name in ("link", "config", "modules", "pipe"):
        (root / name).mkdir(parents=True)
    (root / "repository").symlink_to(elsewhere)
    (root / "link/.git").symlink_to(git_folder)
    for name in ("config", "modules", "pipe"):
        (root / name / ".git").mkdir()
    (root / "config/.git/config").symlink_to(git_folder / "config")
    (root / "modules/.git/modules").symlink_to(git_folder.parent)
    os.mkfifo(root / "pipe/.git/config")

    assert notice(root) is None
