"""What the agent asks for: requirement files and lines, given or found."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entrypoint.agent.environment.credentials import without_credentials
from entrypoint.agent.environment.requirement_lines import (
    RequirementLine,
    anchored,
    local_path,
    read,
)
from entrypoint.errors import InputFailure, Problem
from entrypoint.workspace import Workspace

_KNOWN = ("uv.lock", "pyproject.toml", "requirements.txt")
_INDEX_OPTION = re.compile(r"(?:-i|--index-url|--extra-index-url)[\s=]+(\S+)")
_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)[\s=]*(\S.*)")


@dataclass(frozen=True)
class Requirements:
    """Requirement files and single requirements, as pip and uv read them.

    Paths are absolute. `member` is the one of a `uv.lock`'s packages that is asked for; empty is
    the project beside it.
    """

    files: tuple[Path, ...] = ()
    lines: tuple[str, ...] = ()
    member: str = ""

    @property
    def read(self) -> tuple[RequirementLine, ...]:
        """Every line of the files, with those that they include."""
        return tuple(line for file in self.files for line in read(file))

    @property
    def indexes(self) -> frozenset[str]:
        """The addresses of the package indexes that they name, without credentials."""
        options = (_INDEX_OPTION.fullmatch(line.text) for line in self.read)
        projects = [_toml(file) for file in self.files if file.suffix == ".toml"]
        named = [url for project in projects for url in _index_urls(project)]
        return frozenset(
            map(without_credentials, [*named, *(found[1] for found in options if found)])
        )


def given(texts: tuple[str, ...], workspace: Workspace, agent: Path | None = None) -> Requirements:
    """Read the lines of the `requirements` input.

    Raises:
        InputFailure: a line names a file that isn't there.

    """
    files, lines, problems = [], [], []
    for line in texts:
        text = re.sub(r"(^|\s+)#.*", "", line).strip()
        try:
            if include := _INCLUDE.fullmatch(text):
                path = workspace.file(include[2].strip())
                if include[1] in ("-r", "--requirement"):
                    files.append(path)
                else:
                    lines.append(f"-c {path}")
            elif _names_a_file(text):
                files.append(workspace.file(text))
            elif text:
                lines.append(_checked(text, workspace))
        except ValueError as error:
            problems.append(Problem(f"`requirements`: {error}"))
    if problems:
        raise InputFailure(*problems)
    locks = [file for file in files if file.name == "uv.lock"] if agent else []
    return Requirements(tuple(files), tuple(lines), _member_of(locks, agent) if agent else "")


def found(agent: Path, workspace: Workspace) -> Requirements:
    """Find the requirements beside the agent, else in the folders above.

    Raises:
        InputFailure: there are none up to the workspace's root.

    """
    for folder in agent.parents:
        if not workspace.holds(folder):
            break
        for name in _KNOWN:
            if _says_requirements(folder / name):
                path = workspace.file(workspace.relative(folder / name))
                if name == "pyproject.toml" and (shared := _shared_lock(folder, workspace)):
                    return shared
                return Requirements((path,))
    shown = workspace.relative(agent.parent)
    raise InputFailure(
        Problem(
            f"`requirements`: there is no {', '.join(f'`{name}`' for name in _KNOWN[:-1])} or"
            f" `{_KNOWN[-1]}` in `{shown}` or the folders above it.",
            f"Say what the agent needs in `{shown}/requirements.txt`, or in the step:\n\n"
            "    with:\n      requirements: |\n        mlflow==3.17.2\n        databricks-openai",
        )
    )


def is_package(pyproject: Path) -> bool:
    """Whether a project is installed itself, and not only what it depends on: uv's own rule."""
    content = _toml(pyproject)
    says = content.get("tool", {}).get("uv", {}).get("package")
    return bool(says) if says is not None else "build-system" in content


def _shared_lock(folder: Path, workspace: Workspace) -> Requirements | None:
    """The lock above of a uv workspace of which the folder's project is a member."""
    for root in folder.parents:
        if not workspace.holds(root):
            return None
        lock = root / "uv.lock"
        if lock.is_file() and (member := _member(lock, folder)):
            return Requirements((workspace.file(workspace.relative(lock)),), member=member)
    return None


def _member_of(locks: list[Path], agent: Path) -> str:
    """The member in which the agent lies: a workspace's lock is of all of them."""
    for lock in locks:
        for folder in agent.parents:
            if folder == lock.parent:
                break
            if member := _member(lock, folder):
                return member
    return ""


def _member(lock: Path, folder: Path) -> str:
    """The name under which a workspace's lock has the project of a folder."""
    if not folder.is_relative_to(lock.parent):
        return ""
    path = folder.relative_to(lock.parent).as_posix()
    content = _toml(lock)
    members = content.get("manifest", {}).get("members", [])
    for package in content.get("package", []):
        source = package.get("source", {})
        is_here = path in (source.get("editable"), source.get("virtual"), source.get("directory"))
        if is_here and package["name"] in members:
            return str(package["name"])
    return ""


def _says_requirements(path: Path) -> bool:
    """Whether a file is there for its requirements: a `pyproject.toml` may only hold settings."""
    if not path.is_file():
        return False
    if path.name == "uv.lock":
        return (path.parent / "pyproject.toml").is_file()
    if path.name == "pyproject.toml":
        try:
            return "project" in tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return True  # uv says what is wrong with it
    return True


def _names_a_file(text: str) -> bool:
    """Tell `envs/prod.txt` from `pkg @ https://host/x.txt` and `pkg==1`."""
    if text.startswith("-") or "://" in text:
        return False
    return Path(text).name in _KNOWN or Path(text).suffix in (".txt", ".in")


def _checked(text: str, workspace: Workspace) -> str:
    """A requirement; a path in it is relative to the workspace, and there."""
    path = local_path(text)
    if path is None:
        return text
    if not workspace.path(path).exists():
        raise ValueError(f"`{path}` does not exist. Paths are relative to the workspace's root.")
    return anchored(text, workspace.root)


def _index_urls(project: Any) -> Iterator[str]:
    """The addresses in `[[tool.uv.index]]`."""
    for key in ("tool", "uv", "index"):
        project = project.get(key) if isinstance(project, dict) else None
    for index in project if isinstance(project, list) else []:
        if isinstance(index, dict) and isinstance(url := index.get("url"), str):
            yield url


def _toml(path: Path) -> dict[str, Any]:
    """A TOML file's content; empty for one that uv will complain about."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
