"""An agent as far as it can be compared: what its manifest tells, and its `MLmodel`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from entrypoint.agent.manifest import Manifest
from entrypoint.comparison.manifest_reader import Told
from entrypoint.comparison.mlmodel import Access, MLmodel
from entrypoint.comparison.model_file import Artifact, File
from entrypoint.comparison.untrusted_data import content_of

REQUIREMENTS = "requirements.txt"
# Bytes of a text that is compared line by line.
LARGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class Snapshot:
    """An agent; a part is None where it isn't known, and empty where there is nothing of it.

    `code`: the agent's file and `code/`, by path in the model; `places`: those at hand, as files.
    `pickled`: the agent's own code is not a file. `requirements` that are not `locked` leave
    packages out. `example` is JSON.
    """

    digest: str = ""
    code: Mapping[str, File] | None = None
    pickled: bool = False
    places: Mapping[str, Path] = field(default_factory=dict)
    artifacts: Mapping[str, Artifact] | None = None
    resources: frozenset[Access] | None = None
    scopes: frozenset[str] | None = None
    python: str | None = None
    requirements: tuple[str, ...] | None = None
    locked: bool = True
    config: Mapping[str, Any] | None = None
    signature: Mapping[str, str | None] | None = None
    flavor: str | None = None
    example: str | None = None

    @classmethod
    def of_agent(
        cls, manifest: Manifest, agent: Path, code_paths: Path, model: Path | None = None
    ) -> Self:
        """The agent of the checkout: its file, the folder laid out like `code/`.

        `model`: the directory that was built, if it was, when nobody writes to it any more.
        """
        told = Told(manifest)
        places = {
            name: code_paths / name.removeprefix("code/") if name.startswith("code/") else agent
            for name in told.code or {}
        }
        return cls._made(told, MLmodel.read(model) if model else None, places)

    @classmethod
    def of_version(
        cls, model: Path, manifest: Manifest | None, listed: Mapping[str, File], digest: str = ""
    ) -> Self:
        """A registered version, by those of its files that are in `model`, a folder of ours.

        `listed`: its code files, where no manifest tells them.
        """
        mlmodel = MLmodel.read(model)
        if manifest:
            told = Told(manifest)
            places = {name: model / name for name in told.code or {}}
            return cls._made(told, mlmodel, places, digest)
        code = {
            name: File(file.size, _hash(model / name) or file.sha256)
            for name, file in listed.items()
        }
        mlmodel = mlmodel or MLmodel({})
        artifacts = mlmodel.artifacts
        text = content_of(model / REQUIREMENTS, LARGEST_TEXT)
        return cls(
            digest=digest,
            code=code,
            pickled=mlmodel.code_file not in code,
            places={name: model / name for name in code},
            artifacts=None if artifacts is None else {name: Artifact() for name in artifacts},
            resources=mlmodel.resources,
            scopes=mlmodel.scopes,
            python=mlmodel.python,
            requirements=None
            if text is None
            else tuple(text.decode(errors="replace").splitlines()),
            locked=False,
            config=mlmodel.config,
            signature=mlmodel.signature,
            flavor=mlmodel.flavor,
        )

    @classmethod
    def _made(
        cls, told: Told, mlmodel: MLmodel | None, places: Mapping[str, Path], digest: str = ""
    ) -> Self:
        """What was built goes before what was asked for."""
        built = mlmodel or MLmodel({})
        is_built = mlmodel is not None
        return cls(
            digest=digest or told.digest,
            code=told.code,
            places=places,
            artifacts=told.artifacts,
            resources=built.resources if is_built else told.resources,
            scopes=built.scopes if is_built else told.scopes,
            python=told.python,
            requirements=told.requirements,
            config=told.config,
            signature=built.signature if is_built else told.signature,
            flavor=built.flavor if is_built else told.flavor,
            example=told.example,
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """The parts that aren't known, in words."""
        parts = {
            "agent's own file": None if self.pickled else "",
            "code": self.code,
            "artifacts": self.artifacts,
            "resources": self.resources,
            "user scopes": self.scopes,
            "Python": self.python,
            "requirements": self.requirements,
            "model config": self.config,
            "signature": self.signature,
            "flavor": self.flavor,
            "input example": self.example,
        }
        return tuple(name for name, value in parts.items() if value is None)

    def content(self, name: str) -> bytes | None:
        """A code file's content; None when it isn't at hand, too large, or not the file it was."""
        if name not in self.places or not self.code or name not in self.code:
            return None
        content = content_of(self.places[name], LARGEST_TEXT)
        if content is None or hashlib.sha256(content).hexdigest() != self.code[name].sha256:
            return None
        return content


def _hash(path: Path) -> str:
    content = content_of(path, LARGEST_TEXT)
    return "" if content is None else hashlib.sha256(content).hexdigest()
