"""Credentials that `actions/checkout` has left in the checkout, where the agent can read them."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from entrypoint.runtime import untrusted_file
from entrypoint.runtime.errors import Problem

_MOST_FOLDERS = 1_000


def notice(root: Path) -> Problem | None:
    """Say where below `root` they are; None where they aren't.

    Looked at are the repository, repositories in the folders right below, and their submodules.
    """
    shown = [f"`{config.relative_to(root)}`" for config in _configs(root) if _has_any(config)]
    if not shown:
        return None
    return Problem(
        f"`actions/checkout` has left its credentials for later steps, in {', '.join(shown)}. The"
        " agent has no business with them.",
        "Let it take them away:\n\n"
        "    - uses: actions/checkout@v7\n"
        "      with:\n"
        "        persist-credentials: false",
    )


def _configs(root: Path) -> Iterator[Path]:
    """The settings of every repository; no link is followed."""
    for repository in (root, *_folders(root)):
        git = repository / ".git"
        if not _is_folder(git):  # a submodule's is a file: what it names is below `modules`
            continue
        yield git / "config"
        if _is_folder(git / "modules"):
            yield from _configs_of_submodules(git / "modules")


def _configs_of_submodules(modules: Path) -> Iterator[Path]:
    for folder, folders, files in islice(os.walk(modules), _MOST_FOLDERS):
        if "config" in files:
            yield Path(folder, "config")
            # Of its other folders none has settings, and there are many.
            folders[:] = {"modules"} & set(folders)


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        found = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [Path(path) for path in sorted(found)[:_MOST_FOLDERS]]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink()
    except OSError:  # in a folder that is closed to us
        return False


def _has_any(config: Path) -> bool:
    """Whether one of its settings is what `actions/checkout` makes.

    A token is a header. Since v6 that stands in a file of the runner's temporary folder, which is
    included. https://github.com/actions/checkout/blob/main/src/git-auth-helper.ts
    """
    try:
        lines = untrusted_file.read_text(config).lower().splitlines()
    except (OSError, untrusted_file.Unreadable):  # none, a link, a pipe
        return False
    for line in lines:
        key, _, value = line.partition("=")
        name = key.rpartition("]")[2].strip()
        if (
            (name == "extraheader" and "authorization:" in value)
            or (name == "path" and "git-credentials-" in value)
            or (name == "sshcommand" and " -i " in value)
        ):
            return True
    return False
