"""What may be built is at the commit for which the job was started, in real repositories."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from entrypoint.checkout import check_may_build, head_of
from entrypoint.errors import InputFailure, Problem
from entrypoint.event import Event
from entrypoint.workspace import Workspace
from tests.tools import program, require

ACCEPTED = ["", "pull_request", "push", "merge_group", "schedule", "workflow_dispatch", "release"]
OTHERS = [
    "pull_request_target",
    "pull_request_review",
    "issue_comment",
    "workflow_run",
    "repository_dispatch",
    "an_event_of_tomorrow",
]
# Nothing of the machine's own settings.
_ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "HOME": "/nonexistent",
    "GIT_AUTHOR_NAME": "ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}


@pytest.fixture(autouse=True)
def _git() -> None:
    require("git")


def git(folder: Path, *arguments: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [program("git"), "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env=_ENVIRON,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commit(repository: Path, text: str, name: str = "agents/agent.py") -> str:
    """Commit a file, in a new repository if need be; the commit."""
    if not (repository / ".git").exists():
        git(repository, "init", "--quiet", "--initial-branch=main")
    file = repository / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    git(repository, "add", name)
    git(repository, "commit", "--quiet", "--message", text)
    return git(repository, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """The repository on GitHub: `main`, and the head and the merge of pull request 7."""
    origin = tmp_path / "origin"
    commit(origin, "base")
    git(origin, "checkout", "--quiet", "-b", "topic")
    commit(origin, "head")
    git(origin, "update-ref", "refs/pull/7/head", "HEAD")
    git(origin, "checkout", "--quiet", "main")
    merge = ("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
    git(origin, "checkout", "--quiet", "--detach")
    git(origin, *merge)
    git(origin, "update-ref", "refs/pull/7/merge", "HEAD")
    git(origin, "checkout", "--quiet", "main")
    return origin


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path.resolve() / "workspace"
    root.mkdir()
    return Workspace(root)


def checked_out(origin: Path, folder: Path, ref: str) -> str:
    """Check out as `actions/checkout` does; the commit."""
    git(folder, "init", "--quiet")
    git(folder, "fetch", "--quiet", "--depth=1", f"file://{origin}", f"+{ref}:refs/remotes/{ref}")
    if ref.startswith("refs/heads/"):
        git(folder, "checkout", "--quiet", "--force", "-B", ref[11:], f"refs/remotes/{ref}")
    else:
        git(folder, "checkout", "--quiet", "--force", f"refs/remotes/{ref}")
    return git(folder, "rev-parse", "HEAD")


def event(name: str, sha: str, payload: Mapping[str, Any] | None = None) -> Event:
    return Event(name, "acme/agents", sha, "refs/heads/main", "42", payload=payload or {})


def check(workspace: Workspace, told: Event, *names: str) -> None:
    check_may_build(told, workspace, [workspace.root / name for name in names])


def refusal(workspace: Workspace, told: Event, *names: str) -> Problem:
    with pytest.raises(InputFailure) as raised:
        check(workspace, told, *names)
    (problem,) = raised.value.problems
    return problem


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_code_is_built_wherever_it_is(workspace: Workspace, name: str) -> None:
    check(workspace, event(name, "a" * 40), "agent.py")


@pytest.mark.parametrize("name", OTHERS)
def test_the_default_branchs_code_is_built_on_any_event(
    workspace: Workspace, origin: Path, name: str
) -> None:
    sha = checked_out(origin, workspace.root, "refs/heads/main")

    check(workspace, event(name, sha), "agents/agent.py", "agents", ".")


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("ref", ["refs/pull/7/head", "refs/pull/7/merge", "refs/heads/topic"])
def test_a_pull_requests_code_is_refused(
    workspace: Workspace, origin: Path, name: str, ref: str
) -> None:
    base = git(origin, "rev-parse", "main")
    head = checked_out(origin, workspace.root, ref)

    problem = refusal(workspace, event(name, base), "agents/agent.py")

    assert problem.what.startswith(f"log-agent doesn't build `agents/agent.py` on `{name}`: ")
    assert f"it is at commit {head}, while the job is for commit {base}." in problem.what
    assert "on: pull_request\n" in problem.fix
    assert "workflow_run:" in problem.fix
    assert "mode: comment" in problem.fix


def test_a_pull_requests_code_in_a_folder_of_its_own_is_refused(
    workspace: Workspace, origin: Path
) -> None:
    base = checked_out(origin, workspace.root, "refs/heads/main")
    checked_out(origin, workspace.root / "pr", "refs/pull/7/head")
    told = event("pull_request_target", base)

    check(workspace, told, "agents/agent.py", "agents")
    for names in (
        ("pr/agents/agent.py",),
        ("pr",),
        ("agents/agent.py", "pr/agents"),
        # A folder that is shipped ships what is in it.
        ("agents/agent.py", "."),
    ):
        assert "pull_request_target" in refusal(workspace, told, *names).what


def test_the_base_in_a_folder_of_its_own_is_built(workspace: Workspace, origin: Path) -> None:
    base = checked_out(origin, workspace.root / "base", "refs/heads/main")
    checked_out(origin, workspace.root / "pr", "refs/pull/7/merge")

    check(workspace, event("issue_comment", base), "base/agents/agent.py", "base")


def test_code_that_is_in_no_repository_is_refused(workspace: Workspace, origin: Path) -> None:
    (workspace.root / "agent.py").touch()
    # What is above the workspace says nothing about it.
    git(workspace.root.parent, "init", "--quiet")

    problem = refusal(workspace, event("workflow_run", "a" * 40), "agent.py")

    assert "`agent.py` on `workflow_run`: it is in no git repository" in problem.what


def test_a_job_without_a_commit_is_refused(workspace: Workspace, origin: Path) -> None:
    checked_out(origin, workspace.root, "refs/heads/main")
    refusal(workspace, event("workflow_run", ""), "agents/agent.py")

    (workspace.root / ".git/HEAD").write_text("")
    problem = refusal(workspace, event("workflow_run", ""), "agents/agent.py")
    assert "in a repository whose HEAD can't be read" in problem.what


def test_packed_refs_are_read(tmp_path: Path) -> None:
    head = commit(tmp_path, "one")
    git(tmp_path, "tag", "-a", "v1", "--message", "v1")
    git(tmp_path, "branch", "main2")
    git(tmp_path, "pack-refs", "--all")

    assert not (tmp_path / ".git/refs/heads/main").exists()
    assert head_of(tmp_path) == head


def test_a_loose_ref_is_newer_than_a_packed_one(tmp_path: Path) -> None:
    commit(tmp_path, "one")
    git(tmp_path, "pack-refs", "--all")
    head = commit(tmp_path, "two")

    assert head_of(tmp_path) == head


def test_a_ref_that_names_another_is_followed(tmp_path: Path) -> None:
    head = commit(tmp_path, "one")
    git(tmp_path, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(tmp_path, "symbolic-ref", "HEAD", "refs/heads/alias")

    assert head_of(tmp_path) == head


@pytest.mark.parametrize("pack", [False, True])
def test_worktrees_are_read(tmp_path: Path, *, pack: bool) -> None:
    repository = tmp_path / "repository"
    first = commit(repository, "one")
    git(repository, "worktree", "add", "--quiet", "-b", "topic", str(tmp_path / "topic"))
    second = commit(tmp_path / "topic", "two")
    if pack:
        git(repository, "pack-refs", "--all")

    assert (head_of(repository), head_of(tmp_path / "topic")) == (first, second)


def test_submodules_are_read(tmp_path: Path, workspace: Workspace) -> None:
    library = commit(tmp_path / "library", "library", "library.py")
    commit(workspace.root, "base")
    git(workspace.root, "submodule", "--quiet", "add", f"file://{tmp_path}/library", "library")
    git(workspace.root, "commit", "--quiet", "--message", "submodule")
    sha = git(workspace.root, "rev-parse", "HEAD")

    assert (workspace.root / "library/.git").is_file()
    assert head_of(workspace.root / "library") == library
    assert head_of(workspace.root) == sha
    # It is at another commit than the job's, and so is what is shipped with it.
    check(workspace, event("issue_comment", sha), "agents")
    refusal(workspace, event("issue_comment", sha), "library")
    refusal(workspace, event("issue_comment", sha), ".")


def test_repositories_with_longer_hashes_are_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")

    head = commit(tmp_path, "one")

    assert len(head) == 64
    assert head_of(tmp_path) == head


def test_before_the_first_commit_there_is_no_head(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")

    assert head_of(tmp_path) is None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"ref: refs/heads/gone",
        b"ref: refs/../../secret",
        b"ref: HEAD",
        b"ref: ",
        b"ref: refs/heads/a",
        b"a" * 39,
        b"a" * 41,
        b"A" * 40,
        b"../secret",
    ],
)
def test_a_head_that_is_none_is_none(tmp_path: Path, head: bytes) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git/HEAD").write_bytes(head)
    (tmp_path / ".git/refs/heads/a").write_text("ref: refs/heads/b\n")
    (tmp_path / ".git/refs/heads/b").write_text("ref: refs/heads/a\n")
    (tmp_path / "secret").write_text("a" * 40)

    assert head_of(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"gitdir: gone", b"\xff", b"gitdir:", b"gitdir: \0"])
def test_a_git_file_that_names_nothing_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".git").write_bytes(content)

    assert head_of(tmp_path) is None


def test_an_empty_folder_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert head_of(tmp_path) is None


def test_every_path_is_looked_at(workspace: Workspace, origin: Path) -> None:
    base = checked_out(origin, workspace.root / "base", "refs/heads/main")
    checked_out(origin, workspace.root / "pr", "refs/pull/7/merge")
    told = event("pull_request_target", base)

    for kind in ("requirements.txt", "config.yml", "resources.yml", "example.json"):
        problem = refusal(workspace, told, "base/agents/agent.py", f"pr/{kind}")
        assert f"`pr/{kind}`" in problem.what
