"""The submodules of the checkout that were not fetched: git leaves an empty folder for each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime import untrusted_file
from entrypoint.runtime.untrusted_file import Bound

_BOUND = Bound(1_000_000, "")
_MAX_SUBMODULES = 1_000
_PATH = re.compile(r'^\s*path\s*=\s*"?(?P<path>[^"\n]+?)"?\s*$', re.MULTILINE)


@dataclass(frozen=True)
class Submodule:
    """A submodule that is not there; `is_nested`: another one, which is there, names it."""

    folder: Path
    is_nested: bool


def not_fetched(workspace: Workspace) -> list[Submodule]:
    """Every submodule of the checkout that is missing or empty."""
    missing = []
    todo = [workspace.root]
    for _ in range(_MAX_SUBMODULES):
        if not todo:
            break
        repository = todo.pop()
        for folder in _submodules(repository, workspace):
            if _is_empty(folder):
                missing.append(Submodule(folder, repository != workspace.root))
            else:
                todo.append(folder)
    return missing


def _submodules(repository: Path, workspace: Workspace) -> Iterator[Path]:
    """The folders that a repository's `.gitmodules` names."""
    try:
        content = untrusted_file.read(repository / ".gitmodules", _BOUND)
    except (FileNotFoundError, untrusted_file.Unreadable):
        return
    for found in _PATH.finditer(content.decode("utf-8-sig", errors="replace")):
        try:
            folder = workspace.path(f"{workspace.relative(repository)}/{found['path']}")
        except ValueError:
            continue
        # Each in its repository, so that there is an end.
        if folder != repository and folder.is_relative_to(repository):
            yield folder


def _is_empty(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
