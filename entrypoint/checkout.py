"""What is checked out, and whether it may be built."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from entrypoint.errors import InputFailure, Problem
from entrypoint.event import Event
from entrypoint.forks import TWO_WORKFLOWS
from entrypoint.workspace import Workspace

_GIT = ".git"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# A symbolic ref names another one; git follows as many.
_LONGEST_CHAIN = 5


def check_may_build(
    event: Event, workspace: Workspace, paths: Iterable[Path], cache_dir: Path | None = None
) -> None:
    """Refuse what may be a stranger's while the job holds secrets.

    `paths` are all files and folders that the agent is made of; `cache_dir` is none of them, and uv
    marks its cache with a `.git`. On an event that may carry a stranger's code, every repository
    that holds one of them, or is inside one, must be at the commit for which GitHub started the
    job: that one was accepted.

    Raises:
        InputFailure: one isn't.

    """
    if event.carries_accepted_code:
        return
    seen: set[Path] = set()
    for path in paths:
        found = [
            repository
            for repository in _repositories(path, workspace.root)
            if not (cache_dir and repository.is_relative_to(cache_dir))
        ]
        if not found:
            raise _refused(event, workspace, path, "is in no git repository")
        for repository in found:
            if repository in seen:
                continue
            seen.add(repository)
            head = head_of(repository)
            if head != event.sha:
                unknown = "is in a repository whose HEAD can't be read"
                raise _refused(event, workspace, path, f"is at commit {head}" if head else unknown)


def head_of(repository: Path) -> str | None:
    """The commit that is checked out, None when that can't be read.

    Read from git's files, for git itself isn't there:
    https://git-scm.com/docs/gitrepository-layout
    """
    try:
        folder = _git_folder(repository / _GIT)
        common = folder / "commondir"
        # The worktrees of a repository have a HEAD each, and its branches in common.
        shared = folder / common.read_text(encoding="utf-8").strip() if common.exists() else folder
        return _commit("HEAD", folder, shared)
    except (OSError, ValueError):  # also what is no UTF-8
        return None


def _repositories(path: Path, root: Path) -> Iterator[Path]:
    """The repository that holds a path of the workspace, and those inside it."""
    for folder in (path, *path.parents):
        if not folder.is_relative_to(root):
            break
        if (folder / _GIT).exists():
            yield folder
            break
    if path.is_dir():
        yield from (git.parent for git in path.rglob(_GIT))


def _git_folder(git: Path) -> Path:
    """The folder itself; worktrees and submodules have a file that names it."""
    if git.is_dir():
        return git
    key, _, folder = git.read_text(encoding="utf-8").partition(":")
    if key != "gitdir":
        raise ValueError("neither a folder nor a file that names one")
    return git.parent / folder.strip()


def _commit(ref: str, folder: Path, shared: Path) -> str | None:
    for _ in range(_LONGEST_CHAIN):
        content = _content(ref, folder, shared)
        if _COMMIT.fullmatch(content):
            return content
        key, _, ref = content.partition(": ")
        if key != "ref" or not ref.startswith("refs/") or ".." in ref:
            break
    return None


def _content(ref: str, folder: Path, shared: Path) -> str:
    for place in (folder, shared):
        if (place / ref).is_file():
            return (place / ref).read_text(encoding="utf-8").strip()
    for line in (shared / "packed-refs").read_text(encoding="utf-8").splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return ""


def _refused(event: Event, workspace: Workspace, path: Path, why: str) -> InputFailure:
    return InputFailure(
        Problem(
            f"log-agent doesn't build `{workspace.relative(path)}` on `{event.name}`: it {why},"
            f" while the job is for commit {event.sha}. The job may hold secrets, and the code may"
            " be a stranger's.",
            "Preview pull requests on the event `pull_request`, which has no secrets for forks, and"
            f" comment from a second workflow:\n\n{TWO_WORKFLOWS}\n\n"
            "To build the branch's own code, check it out without `ref` and without `repository`:"
            "\n\n    - uses: actions/checkout@v7",
        )
    )
