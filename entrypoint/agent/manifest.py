"""The manifest: what goes into the agent, in one canonical JSON, and the digest of that.

It is made of what goes into the build alone, so its digest is known before anything is built.
"""

import functools
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.version import Version

from entrypoint.agent import artifact_places
from entrypoint.agent.artifact_inputs import MAX_BYTES_TOGETHER
from entrypoint.agent.canonical_json import canonical
from entrypoint.agent.file_tree import Budget, walk
from entrypoint.resources.resource import Resource

# Of the format. Digests of different versions differ, so raise it only when the format changes.
VERSION = 1
# Where the manifest travels inside the model.
PATH = "log_agent/manifest.json"

_CODE = "code/"
# A manifest of 100,000 files has 15 MB.
_MAX_BYTES = 50_000_000
_PARTS = {"version": int, "files": dict, "artifacts": dict}


@dataclass(frozen=True)
class ManifestInputs:
    """All that goes into the agent and could change what it does.

    `files`: the agent's file, code paths and local artifacts, each by its place in the model
    directory (POSIX: `agent.py`, `code/tools/search.py`, `artifacts/prompt.txt`); see `laid_out`.
    `artifacts`: name -> the same path in the model directory, of a file or folder in `files`, or
    the URI from which MLflow gets it (the digest has the URI: its content is not known here).
    `given`: `model_config`, `signature` and `input_example` as parsed; one not given is left out.
    `requirements`: the locked lines; `python_version`: `3.12`; `flavor`: as given, maybe `auto`.
    """

    files: Mapping[str, Path]
    flavor: str
    python_version: str
    requirements: Iterable[str]
    artifacts: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    resources: Iterable[Resource] = ()
    scopes: Iterable[str] = ()


@dataclass(frozen=True)
class Manifest:
    """Canonical JSON: sorted keys, no spaces."""

    text: str

    @classmethod
    def of(cls, inputs: ManifestInputs) -> "Manifest":
        """Write the manifest of an agent that need not be built yet; each file is read once.

        Raises:
            OSError: a file can't be read.
            ValueError: a given value is of a type that YAML and JSON don't have, or holds itself.

        """
        lines = list(inputs.requirements)
        resources = {(it.kind, it.name, bool(it.on_behalf_of_user)) for it in inputs.resources}
        return cls(
            canonical(
                {
                    "version": VERSION,
                    "files": {name: _entry(path) for name, path in inputs.files.items()},
                    "artifacts": dict(inputs.artifacts),
                    "flavor": inputs.flavor,
                    "python_version": inputs.python_version,
                    # In their order, for pip obeys the first of two options that disagree.
                    "index_options": [line for line in lines if line.startswith("-")],
                    "requirements": sorted({line for line in lines if not line.startswith("-")}),
                    "resources": [
                        {"kind": kind, "name": name, "on_behalf_of_user": on_behalf}
                        for kind, name, on_behalf in sorted(resources)
                    ],
                    "scopes": sorted(set(inputs.scopes)),
                    "given": dict(inputs.given),
                }
            )
        )

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read a manifest that was written earlier, for example the one in a model's files.

        Raises:
            OSError: the file can't be read.
            ValueError: it is no manifest, or of another format version.

        """
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"a manifest of more than {_MAX_BYTES:,} bytes")
        manifest = cls(path.read_bytes().decode())
        try:
            content = json.loads(manifest.text)
        except RecursionError:
            raise ValueError("a manifest that is nested too deep") from None
        if not isinstance(content, dict) or any(
            type(content.get(key)) is not kind for key, kind in _PARTS.items()
        ):
            raise ValueError("not a manifest")
        if content["version"] != VERSION:
            raise ValueError(f"a manifest of format {content['version']}, not {VERSION}")
        if not all(isinstance(where, str) for where in content["artifacts"].values()):
            raise ValueError("a manifest of artifacts that are nowhere")
        for name, entry in content["files"].items():
            if name.startswith("/") or ".." in name.split("/") or "\0" in name:
                raise ValueError(f"a manifest of a file outside the model: {name!r}")
            if not isinstance(entry, dict) or set(entry) != {"sha256", "size"}:
                raise ValueError(f"a manifest without the hash of {name!r}")
        return manifest

    def write(self, model: Path) -> None:
        """Put the manifest into a model directory that the agent can't write: no link is in it."""
        path = model / PATH
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(self.text.encode())

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal: 64 characters."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @functools.cached_property
    def content(self) -> dict[str, Any]:
        """The manifest as JSON knows it, to compare two of them; see `canonical` for `$` keys."""
        content: dict[str, Any] = json.loads(self.text)
        return content


def laid_out(
    agent: Path,
    code: Path,
    artifacts: Iterable[tuple[str, Path | str]],
    mlflow: Version | None = None,
) -> tuple[dict[str, Path], dict[str, str]]:
    """`files` and `artifacts` of the inputs, named as MLflow lays the model directory out.

    `code`: the folder with the content of the model's `code/`; `artifacts`: name and local
    path or URI, of which each is kept (see `artifact_places`). Their links are followed, as
    `mlflow` does when it copies; None is its newest version.

    Raises:
        ValueError: one can't be walked: see `file_tree.walk`.

    """
    files = {agent.name: agent, **{f"{_CODE}{name}": code / name for name in _files(code)}}
    given = list(artifacts)
    where = dict(artifact_places.places(given, mlflow))
    for name, place in given:
        if isinstance(place, Path):
            files |= _under(f"{where[name]}/", place) if place.is_dir() else {where[name]: place}
    return files, where


def _entry(path: Path) -> dict[str, Any]:
    """A file's hash and size in bytes, from one pass that never holds the whole file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"sha256": digest, "size": file.tell()}


def _under(prefix: str, folder: Path) -> dict[str, Path]:
    entries = walk(folder, Budget(MAX_BYTES_TOGETHER), lambda path, _: path.name == "__pycache__")
    return {
        prefix + entry.path.relative_to(folder).as_posix(): entry.real
        for entry in entries
        if not entry.is_folder
    }


def _files(folder: Path) -> Iterable[str]:
    """Every file under a folder of ours, by POSIX path; bytecode left out."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            yield Path(parent, name).relative_to(folder).as_posix()
