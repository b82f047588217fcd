"""What the step before left out of the checkout: files of Git LFS, and submodules.

`actions/checkout` fetches neither unless it is told to, and what is then in their place can be
logged and registered without an error.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent.file_tree import Budget, followed, walk
from entrypoint.agent.submodules import Submodule, not_fetched
from entrypoint.inputs import git_lfs
from entrypoint.inputs.parsing import lines
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime import untrusted_file
from entrypoint.runtime.errors import InputFailure, Place, Problem
from entrypoint.runtime.untrusted_file import Bound

_INPUTS = (
    *("agent-path", "resources-file", "model-config", "input-example", "signature"),
    *("requirements", "code-paths", "artifacts"),
)
_FOLDERS = ("code-paths", "artifacts")
_MAX_SHOWN = 20
_POINTER = Bound(git_lfs.MAX_POINTER_BYTES, "")


@dataclass(frozen=True)
class _Named:
    """A path of the workspace that an input names; `shown` is how a sentence says both."""

    input: str
    path: Path
    shown: str


def check(texts: Mapping[str, str], workspace: Workspace) -> None:
    """Check that what the inputs name is there; `texts` are the inputs by name.

    Whatever else is wrong with a path is found when its input is read.

    Raises:
        InputFailure: something is a Git LFS pointer, a submodule that was not fetched, or an empty
            folder; one problem for all of a kind.

    """
    _check(list(_named(texts, workspace)), workspace)


def check_required(paths: Iterable[Path], workspace: Workspace) -> None:
    """Check requirement files, and the packages of the checkout that are required by their paths.

    Raises:
        InputFailure: as for `check`.

    """
    _check(
        [
            _Named("requirements", path, f"`requirements`: `{workspace.relative(path)}`")
            for path in paths
            if workspace.holds(path)
        ],
        workspace,
    )


def _check(named: list[_Named], workspace: Workspace) -> None:
    submodules = not_fetched(workspace)
    problems = [
        *_pointers(named, workspace),
        *_missing(named, submodules, workspace),
        *_empty(named, submodules),
    ]
    if problems:
        raise InputFailure(*problems)


def _named(texts: Mapping[str, str], workspace: Workspace) -> Iterator[_Named]:
    for name in _INPUTS:
        for line in lines(texts.get(name, "")):
            key, separator, place = line.partition("=") if name == "artifacts" else ("", "", line)
            try:
                path = workspace.path(place.strip())
            except ValueError:
                continue
            # Among the requirements are names of packages too, which folders may have as well.
            if path != workspace.root and (name != "requirements" or path.is_file()):
                label = f"`{name}`: `{key.strip()}`" if separator else f"`{name}`"
                yield _Named(name, path, f"{label}: `{workspace.relative(path)}`")


def _pointers(named: Iterable[_Named], workspace: Workspace) -> Iterator[Problem]:
    """The files that are Git LFS pointers."""
    # Of a package that is required by its path, a build backend decides what is taken.
    taken = (each for each in named if each.input in _FOLDERS or not each.path.is_dir())
    found = {
        path: each for each in taken for path in _files(each.path, workspace) if _is_pointer(path)
    }
    if not found:
        return
    first, each = next(iter(found.items()))
    shown = f" holds `{workspace.relative(first)}`, which" if first != each.path else ""
    yield Problem(
        f"{each.shown}{shown} is a Git LFS pointer, not the file itself{_and_others(found)}.",
        f"{git_lfs.FIX}\n\nOn your own machine, `git lfs pull` does.",
        Place(workspace.relative(first)),
        _listed(map(workspace.relative, found)),
    )


def _missing(
    named: Iterable[_Named], submodules: Iterable[Submodule], workspace: Workspace
) -> Iterator[Problem]:
    """The submodules that were not fetched, as far as an input needs them."""
    found = {
        each: name
        for each in submodules
        for name in named
        if name.path.is_relative_to(each.folder)
        or (name.input in _FOLDERS and each.folder.is_relative_to(name.path))
    }
    if not found:
        return
    first = next(iter(found))
    wanted = "recursive" if any(each.is_nested for each in found) else "true"
    yield Problem(
        f"{_missing_in(found[first], first, workspace)}{_and_others(found)}.",
        "Let the step that checks the repository out fetch it:\n\n"
        f"    - uses: actions/checkout@v7\n      with:\n        submodules: {wanted}\n\n"
        "For a private one, checkout needs a `token` or an `ssh-key` that may read it.",
        Place(".gitmodules") if not first.is_nested else None,
        _listed(workspace.relative(each.folder) for each in found),
    )


def _missing_in(named: _Named, submodule: Submodule, workspace: Workspace) -> str:
    folder = workspace.relative(submodule.folder)
    if named.path == submodule.folder:
        return f"{named.shown} is empty: a submodule that was not checked out"
    verb = "holds" if submodule.folder.is_relative_to(named.path) else "is in"
    return f"{named.shown} {verb} `{folder}`, a submodule that was not checked out"


def _empty(named: Iterable[_Named], submodules: Iterable[Submodule]) -> Iterator[Problem]:
    """The folders to be logged that have nothing in them."""
    for each in named:
        if each.input not in _FOLDERS or not each.path.is_dir():
            continue
        is_explained = any(it.folder.is_relative_to(each.path) for it in submodules)
        if not is_explained and _has_no_file(each.path):
            yield Problem(
                f"{each.shown} is empty: nothing of it would be logged.",
                "Name a folder that has files. If a step was to make them, it has to come before"
                " this one; git itself keeps no empty folder.",
            )


def _has_no_file(folder: Path) -> bool:
    return not any(files for _, _, files in os.walk(folder))


def _files(top: Path, workspace: Workspace) -> Iterator[Path]:
    """The files at a path that are as small as a pointer."""

    def skip(_: Path, real: Path) -> bool:
        return not workspace.holds(real) or not real.exists() or bool(workspace.private_part(real))

    if not top.exists():
        return
    try:
        for entry in walk(followed(top), Budget(10**18), skip):
            if not entry.is_folder and entry.real.stat().st_size < git_lfs.MAX_POINTER_BYTES:
                yield entry.real
    except ValueError:
        return  # what can't be walked is said when the input is read


def _is_pointer(path: Path) -> bool:
    try:
        return git_lfs.is_pointer(untrusted_file.read(path, _POINTER))
    except (FileNotFoundError, untrusted_file.Unreadable):
        return False


def _and_others(found: Sized) -> str:
    others = len(found) - 1
    return f" (and {others} more)" if others else ""


def _listed(paths: Iterable[str]) -> str:
    """All of several, for the detail; the sentence has one alone."""
    names = list(paths)
    return "\n".join(names[:_MAX_SHOWN]) if len(names) > 1 else ""
