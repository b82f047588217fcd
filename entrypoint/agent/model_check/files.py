"""The files of a model directory: what is there, and what should be."""

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from entrypoint.agent.model_check.manifest_view import FileEntry
from entrypoint.runtime import untrusted_file

_MAX_DEPTH = 100
_MAX_ENTRIES = 200_000
_SHOWN_CHARACTERS = 200
# In which any folder may lie: a code path or an artifact may have empty ones.
_CODE, _ARTIFACTS = "code", "artifacts"


@dataclass
class Listing:
    """What is in a directory: regular files with their sizes in bytes, folders, and what else.

    Names are relative POSIX paths. `problems` are sentences on what is neither file nor folder, or
    can't be walked.
    """

    files: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def listed(root: Path) -> Listing:
    """Walk a directory without following or opening what is in it, and not without an end."""
    listing = Listing()
    left = [""]
    while left:
        folder = left.pop()
        if folder.count("/") >= _MAX_DEPTH:
            what = f"{quoted(folder)} lies more than {_MAX_DEPTH} folders deep."
            listing.problems.append(what)
            continue
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    left += _add(listing, f"{folder}{entry.name}", entry)
                    if len(listing.files) + len(listing.folders) > _MAX_ENTRIES:
                        what = f"It holds more than {_MAX_ENTRIES:,} files and folders."
                        listing.problems.append(what)
                        return listing
        except OSError as error:
            listing.problems.append(f"{quoted(folder or '.')} can't be listed: {error.strerror}.")
    return listing


def _add(listing: Listing, name: str, entry: os.DirEntry[str]) -> list[str]:
    """Note an entry; the folder to walk, if it is one."""
    status = entry.stat(follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        listing.folders.add(name)
        return [f"{name}/"]
    if stat.S_ISREG(status.st_mode):
        listing.files[name] = status.st_size
    elif stat.S_ISLNK(status.st_mode):
        listing.problems.append(f"{quoted(name)} is a link.")
    else:
        listing.problems.append(f"{quoted(name)} is neither a file nor a folder.")
    return []


def differing_files(
    root: Path,
    listing: Listing,
    expected: Mapping[str, FileEntry],
    own: Collection[str],
    is_fetched: Callable[[str], bool],
) -> Iterator[str]:
    """What is missing, changed, or unknown, a sentence each.

    `own`: the files that MLflow writes itself; `is_fetched`: whether a file lies where MLflow puts
    an artifact from a URI, whose content the manifest doesn't know.
    """
    for name, entry in expected.items():
        if name not in listing.files:
            yield f"{quoted(name)} is missing."
        elif listing.files[name] != entry.size or sha256(root / name) != entry.sha256:
            yield f"{quoted(name)} is not the file of which the manifest has the hash."
    for name in listing.files.keys() - expected.keys() - set(own):
        if not is_fetched(name):
            yield f"{quoted(name)} is neither in the manifest nor a file of MLflow's own."
    known = {_parent(name) for name in own}
    for name in listing.folders - known:
        # What is in such a folder needs no sentence of its own.
        if not _may_be_unlisted(name) and (
            _may_be_unlisted(_parent(name)) or _parent(name) in known
        ):
            yield f"{quoted(name)} is a folder that MLflow does not make."


def quoted(name: str) -> str:
    """A file's name for a sentence; it may be as long and hold as odd characters as it likes."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    text = "".join(
        each if each.isprintable() and each != "`" else ascii(each)[1:-1] for each in text
    )
    return f"`{text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + '…'}`"


def _may_be_unlisted(folder: str) -> bool:
    """Whether MLflow or an artifact may bring a folder; no bytecode, which Python would run."""
    parts = folder.split("/")
    return parts[0] in (_CODE, _ARTIFACTS) and "__pycache__" not in parts


def _parent(name: str) -> str:
    return name.rpartition("/")[0]


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file to read it; the path is absolute and resolved.

    Raises:
        OSError: it is not a regular file, a part of the path is a link, or it can't be read.

    """
    try:
        return os.fdopen(untrusted_file.opened(path), "rb")
    except untrusted_file.Unreadable as error:
        raise OSError(str(error)) from error


def sha256(path: Path) -> str:
    """A file's hash, from one pass that never holds all of it; empty when it can't be read."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
