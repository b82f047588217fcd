"""The agent's requirements: files and lines, given in the input or found next to the agent."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from entrypoint.agent import not_checked_out
from entrypoint.agent.environment import toml_file, unread_files
from entrypoint.agent.environment.index_credentials import without_credentials
from entrypoint.agent.environment.requirement_lines import RequirementLine, read
from entrypoint.agent.environment.requirement_paths import (
    anchored,
    local_path,
    option_path,
    with_project_root,
)
from entrypoint.agent.environment.requirement_text import without_comment
from entrypoint.agent.environment.toml_file import part, tables
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Problem

_KNOWN = ("uv.lock", "pyproject.toml", "requirements.txt")
_INDEX_OPTION = re.compile(r"(?:-i|--index-url|--extra-index-url)[\s=]+(\S+)")
_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)[\s=]*(\S.*)")


@dataclass(frozen=True)
class Requirements:
    """Requirement files and single requirements, as pip and uv read them.

    Paths are absolute. `member`: which of a `uv.lock`'s packages is required; empty for the project
    in its folder. `read`: every line of the files and of the constraints, and of those that they
    include.
    """

    files: tuple[Path, ...] = ()
    lines: tuple[str, ...] = ()
    member: str = ""
    constraints: tuple[Path, ...] = ()
    read: tuple[RequirementLine, ...] = field(default=(), compare=False, repr=False)

    def __add__(self, others: "Requirements") -> "Requirements":
        """Both together, with the member of the first."""
        return Requirements(
            self.files + others.files,
            self.lines + others.lines,
            self.member,
            self.constraints + others.constraints,
            self.read + others.read,
        )

    @property
    def locks(self) -> tuple[Path, ...]:
        """The `uv.lock` files among them."""
        return tuple(file for file in self.files if file.name == "uv.lock")

    @property
    def indexes(self) -> frozenset[str]:
        """The addresses of the package indexes that they name, without credentials."""
        options = (_INDEX_OPTION.fullmatch(line.text) for line in self.read)
        projects = (file for file in self.files if file.suffix == ".toml")
        named = [url for project in projects for url in _index_urls(project)]
        return frozenset(
            map(without_credentials, [*named, *(found[1] for found in options if found)])
        )


def given(texts: tuple[str, ...], workspace: Workspace, agent: Path | None = None) -> Requirements:
    """Read the lines of the `requirements` input.

    Raises:
        InputFailure: a line names a file that isn't there, or one of the files can't be read.

    """
    files: list[Path] = []
    constraints: list[Path] = []
    lines, problems = [], []
    for line in texts:
        text = without_comment(line).strip()
        try:
            if include := _INCLUDE.fullmatch(text):
                path = workspace.file(include[2].strip())
                (files if include[1] in ("-r", "--requirement") else constraints).append(path)
            elif unread := _unread(text, workspace):
                problems.append(unread.problem)
            elif _names_a_file(text):
                files.append(workspace.file(text))
            elif text:
                lines.append(_checked(text, workspace))
        except ValueError as error:
            problems.append(Problem(f"`requirements`: {error}"))
    if problems:
        raise InputFailure(*problems)
    locks = [file for file in files if file.name == "uv.lock"] if agent else []
    member = _member_of(locks, agent, workspace) if agent else ""
    return _read(workspace, tuple(files), tuple(lines), tuple(constraints), member=member)


def found(agent: Path, workspace: Workspace) -> Requirements:
    """Find the requirements in the agent's folder, else in the folders above.

    Raises:
        InputFailure: there are none up to the workspace's root, or they can't be read.

    """
    for folder in agent.parents:
        if not workspace.holds(folder):
            break
        for name in _KNOWN:
            path = _file(folder / name, workspace)
            if path and _has_requirements(path, workspace):
                if name == "pyproject.toml" and (shared := _shared_lock(folder, workspace)):
                    return shared
                return _read(workspace, (path,))
    raise InputFailure(unread_files.none_found(agent, workspace, _KNOWN))


def has_sources(pyproject: Path) -> bool:
    """Whether a project has `[tool.uv.sources]`, which say where some of its requirements are."""
    return part(toml_file.read(pyproject, pyproject.name), "tool", "uv", "sources") is not None


def is_package(pyproject: Path) -> bool:
    """Whether a project is installed itself, and not only what it depends on: uv's own rule."""
    content = toml_file.read(pyproject, pyproject.name)
    setting = part(content, "tool", "uv", "package")
    return bool(setting) if setting is not None else part(content, "build-system") is not None


def _read(
    workspace: Workspace,
    files: tuple[Path, ...],
    lines: tuple[str, ...] = (),
    constraints: tuple[Path, ...] = (),
    *,
    member: str = "",
) -> Requirements:
    lines_read = read(files, constraints, workspace)
    places = ((line.file.parent, local_path(line.text)) for line in lines_read)
    local = (Path(os.path.normpath(folder / path)) for folder, path in places if path)
    not_checked_out.check_required((*files, *local), workspace)
    return Requirements(files, lines, member, constraints, lines_read)


def _file(path: Path, workspace: Workspace) -> Path | None:
    """A file that is found, links resolved; None when there is none."""
    if not path.is_file():
        return None
    try:
        return workspace.file(workspace.relative(path))
    except ValueError as error:
        raise InputFailure(Problem(f"`requirements`: {error}")) from error


def _shared_lock(folder: Path, workspace: Workspace) -> Requirements | None:
    """The requirements of the uv workspace, if any, of which the folder's project is a member."""
    for root in folder.parents:
        if not workspace.holds(root):
            return None
        lock = _file(root / "uv.lock", workspace)
        if lock and (member := _member(lock, folder, workspace)):
            return _read(workspace, (lock,), member=member)
    return None


def _member_of(locks: list[Path], agent: Path, workspace: Workspace) -> str:
    """The member of a uv workspace in whose folder the agent is; empty if in none."""
    for lock in locks:
        for folder in agent.parents:
            if folder == lock.parent:
                break
            if member := _member(lock, folder, workspace):
                return member
    return ""


def _member(lock: Path, folder: Path, workspace: Workspace) -> str:
    """The name of a folder's project in a workspace's lock; empty if it isn't there."""
    if not folder.is_relative_to(lock.parent):
        return ""
    path = folder.relative_to(lock.parent).as_posix()
    content = toml_file.read(lock, workspace.relative(lock))
    members = part(content, "manifest", "members")
    for package in tables(content, "package"):
        places = [part(package, "source", kind) for kind in ("editable", "virtual", "directory")]
        name = package.get("name")
        if path in places and isinstance(members, list) and name in members:
            return str(name)
    return ""


def _has_requirements(path: Path, workspace: Workspace) -> bool:
    """Whether a file has requirements: a `pyproject.toml` may have nothing but settings."""
    if path.name == "uv.lock":
        return (path.parent / "pyproject.toml").is_file()
    if path.name == "pyproject.toml":
        content = toml_file.read(path, workspace.relative(path))
        return content is None or "project" in content  # uv explains what is wrong with it
    return True


def _names_a_file(text: str) -> bool:
    """Tell `envs/prod.txt` from `pkg @ https://host/x.txt` and `pkg==1`."""
    if text.startswith("-") or "://" in text:
        return False
    return Path(text).name in _KNOWN or Path(text).suffix in (".txt", ".in")


def _unread(text: str, workspace: Workspace) -> unread_files.UnreadFile | None:
    """The file that a line names, if it is one of which nothing would be read."""
    name = Path(text).name
    if name not in unread_files.NAMES or name in ("requirements.in", "uv.lock"):
        return None
    unread = unread_files.of(workspace.file(text), workspace)
    # uv explains what is wrong with a project that says nothing.
    return unread if unread and unread.command else None


def _checked(text: str, workspace: Workspace) -> str:
    """A requirement; a path in it is relative to the workspace, and must exist."""
    if re.search(r"[\r\n]", text):
        raise ValueError(f"`{text!r}` holds a line end. Write one requirement a line.")
    text = with_project_root(text, workspace.root)
    path = option_path(text) or local_path(text)
    if path is None:
        return text
    if not workspace.path(path).exists():
        raise ValueError(f"`{path}` does not exist. Paths are relative to the workspace's root.")
    return anchored(text, workspace.root)


def _index_urls(project: Path) -> Iterator[str]:
    """The addresses in `[[tool.uv.index]]`."""
    for index in tables(toml_file.read(project, project.name), "tool", "uv", "index"):
        if isinstance(url := index.get("url"), str):
            yield url
