"""Files and folders that travel with the agent: chosen, checked, and laid out as MLflow ships them.

MLflow copies every code path to the model's `code/`, which is put at the head of `sys.path` when
the model is loaded. It follows links out of the tree and takes `.env` files along, so it gets a
copy without either.
"""

import ast
import filecmp
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from entrypoint.agent.file_tree import Budget, TooMuch, check_link, followed, walk
from entrypoint.inputs.workspace import Workspace, is_git_folder
from entrypoint.resources.scan.parsing import parsed
from entrypoint.runtime.errors import InputFailure, Problem
from entrypoint.runtime.untrusted_file import Bound

_FILE = Bound(50_000_000, "Code paths are for code. Give it with `artifacts`.")
_MAX_BYTES_TOGETHER = 10**9
_NEVER_SHIPPED = re.compile(
    "|".join(
        translate(name)
        for name in (
            *("__pycache__", "*.pyc", "*.egg-info", "node_modules", ".git", ".hg", ".svn"),
            *(".env", ".env.*", ".databrickscfg", ".netrc", ".venv", ".tox", ".log-agent"),
            *(".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
        )
    )
)


@dataclass(frozen=True)
class CodePaths:
    """A folder laid out like the model's `code/`, and the names of what was left out of it."""

    folder: Path
    left_out: tuple[str, ...] = ()
    origins: Mapping[str, Path] = field(default_factory=dict)
    """Where each entry comes from in the checkout, by its name."""
    built: list[Path] = field(default_factory=list)
    """The checkout's own packages of which the other entries were built."""

    def origin(self, name: Path) -> Path | None:
        """The file of the checkout that is `name` here; None for one that is nowhere there."""
        if name.parts and (origin := self.origins.get(name.parts[0])):
            return origin.joinpath(*name.parts[1:])
        shipped = self.folder / name
        # Build backends take a package from the project's folder, or from one in it, such as `src`.
        folders = (top for project in self.built for top in (project, *_folders_in(project)))
        return next(
            (file for folder in folders if _is_copy(file := folder / name, shipped)),
            None,
        )

    def add_built(self, entries: Iterable[Path], packages: Iterable[Path]) -> None:
        """Add what was built of the checkout's own packages, to travel with the model.

        Raises:
            InputFailure: one is named like a code path.

        """
        self.built.extend(packages)
        for entry in entries:
            target = self.folder / entry.name
            if target.exists():
                raise InputFailure(
                    Problem(
                        f"`code-paths`: `{entry.name}` is shipped already: a package among the"
                        " requirements brings it along.",
                        "Take one of the two out.",
                    )
                )
            if entry.is_dir():
                shutil.copytree(entry, target)
            else:
                shutil.copyfile(entry, target)

    @property
    def entries(self) -> list[Path]:
        """What MLflow is given as `code_paths`."""
        return sorted(self.folder.iterdir())


def lay_out(
    paths: Iterable[Path], agent_code: str, workspace: Workspace, folder: Path
) -> CodePaths:
    """Copy the code paths to `folder`.

    A folder that holds packages which the agent imports by their names (`src`) gives its content,
    as an installed project would; any other goes as it is.

    Raises:
        InputFailure: every path that can't be shipped, at once.

    """
    folder.mkdir(parents=True)
    problems: list[Problem] = []
    left_out: list[str] = []
    origins: dict[str, Path] = {}
    imported = _imported(agent_code)
    budget = Budget(_MAX_BYTES_TOGETHER)
    for path in paths:
        for root in _roots(path, imported):
            try:
                real = followed(root)
                check_link(root, real, workspace)
                if root != path and _is_never_shipped(root, real, workspace):
                    left_out.append(workspace.relative(root))
                    continue
                _check_name(root, folder, workspace)
                left_out += _copy(root, folder / root.name, workspace, budget)
                origins[root.name] = root
            except ValueError as error:
                problems.append(Problem(f"`code-paths`: {error}"))
    if problems:
        raise InputFailure(*problems)
    return CodePaths(folder, tuple(left_out), origins)


def suggestion(module: str, agent: Path, workspace: Workspace) -> str:
    """The file or folder of the checkout that has a module; empty when there is none."""
    tops = (agent.parent, workspace.root)
    folders = (child for top in tops for child in sorted(top.iterdir()) if child.is_dir())
    for folder in (*tops, *folders):
        for path in (folder / f"{module}.py", folder / module):
            if path.exists():
                return workspace.relative(path)
    return ""


def _folders_in(path: Path) -> list[Path]:
    return sorted(each for each in path.iterdir() if each.is_dir()) if path.is_dir() else []


def _is_copy(file: Path, shipped: Path) -> bool:
    return file.is_file() and shipped.is_file() and filecmp.cmp(file, shipped, shallow=False)


def _roots(path: Path, imported: set[str]) -> list[Path]:
    """What is copied for a code path: itself, or what is in it if that is imported by name."""
    if path.is_file() or (path / "__init__.py").is_file() or path.name in imported:
        return [path]
    children = sorted(path.iterdir())
    # All of them, for what is imported may import the others.
    return children if any(_module(child) in imported for child in children) else [path]


def _module(path: Path) -> str:
    """The name under which a file or a folder can be imported, empty when it can't."""
    name = path.name if path.is_dir() else path.stem
    return name if name.isidentifier() and (path.is_dir() or path.suffix == ".py") else ""


def _imported(code: str) -> set[str]:
    """The top-level names of absolute imports."""
    names: set[str] = set()
    for node in ast.walk(parsed(code).tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _check_name(path: Path, folder: Path, workspace: Workspace) -> None:
    shown = workspace.relative(path)
    if any(_is_forbidden(part) for part in _parts(path, workspace)):
        raise ValueError(f"`{shown}` is never shipped with an agent.")
    if _module(path) in sys.stdlib_module_names:
        raise ValueError(
            f"`{shown}` would stand in for the standard library's `{_module(path)}` wherever the"
            " model is loaded. Rename it."
        )
    if (folder / path.name).exists():
        raise ValueError(f"`{shown}`: another code path is named `{path.name}` too.")


def _copy(source: Path, target: Path, workspace: Workspace, budget: Budget) -> list[str]:
    """Copy a file or a folder; what was left out of it."""
    left_out: list[str] = []

    def skip(path: Path, real: Path) -> bool:
        check_link(path, real, workspace)
        if _is_never_shipped(path, real, workspace):
            left_out.append(workspace.relative(path))
            return True
        return False

    try:
        # The whole walk comes first, so that nothing is copied of a folder that is too large.
        for entry in list(walk(source, budget, skip)):
            copy = target / entry.path.relative_to(source)
            if entry.is_folder:
                copy.mkdir()
                continue
            copy.write_bytes(workspace.read(entry.real, _FILE))
    except TooMuch as error:
        raise ValueError(
            f"`{workspace.relative(source)}` {error} Name only what the agent needs."
        ) from error
    return left_out


def _is_never_shipped(path: Path, real: Path, workspace: Workspace) -> bool:
    """Whether something is left out, by its own name or by that of what it leads to."""
    if _is_forbidden(path):
        return True
    # Only for links: of other paths, the folders above have been checked already.
    return path != real and any(_is_forbidden(part) for part in _parts(real, workspace))


def _parts(path: Path, workspace: Workspace) -> list[Path]:
    """A path and the folders above it, up to the workspace."""
    return [
        path,
        *(part for part in path.parents if part != workspace.root and workspace.holds(part)),
    ]


def _is_forbidden(path: Path) -> bool:
    return (
        bool(_NEVER_SHIPPED.match(path.name))
        or os.path.lexists(f"{path}/pyvenv.cfg")
        or is_git_folder(path)
    )
