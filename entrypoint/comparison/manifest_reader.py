"""What a manifest tells; a part is None where it isn't what log-agent writes."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from entrypoint.agent.manifest import Manifest
from entrypoint.comparison.mlmodel import Access
from entrypoint.comparison.model_file import Artifact, File
from entrypoint.comparison.untrusted_data import is_small, part

_ARTIFACTS = "artifacts/"
_MOST_VALUES = 2_000_000


class _File(BaseModel):
    sha256: str
    size: int


class _Resource(BaseModel):
    kind: str
    name: str
    on_behalf_of_user: bool


class Told:
    """The parts of a manifest that a comparison is about."""

    def __init__(self, manifest: Manifest) -> None:
        self.digest = manifest.digest
        self._content = manifest.content if is_small(manifest.content, _MOST_VALUES) else {}
        files = part(dict[str, _File], self._content.get("files"))
        self._files = (
            None if files is None else {n: File(f.size, f.sha256) for n, f in files.items()}
        )

    @property
    def code(self) -> Mapping[str, File] | None:
        if self._files is None:
            return None
        return {n: each for n, each in self._files.items() if not n.startswith(_ARTIFACTS)}

    @property
    def artifacts(self) -> Mapping[str, Artifact] | None:
        places = part(dict[str, str], self._content.get("artifacts"))
        if places is None or self._files is None:
            return None
        return {name: self._artifact(place, self._files) for name, place in places.items()}

    @property
    def resources(self) -> frozenset[Access] | None:
        found = part(list[_Resource], self._content.get("resources"))
        if found is None:
            return None
        return frozenset((each.kind, each.name, each.on_behalf_of_user) for each in found)

    @property
    def scopes(self) -> frozenset[str] | None:
        scopes = part(list[str], self._content.get("scopes"))
        return None if scopes is None else frozenset(scopes)

    @property
    def python(self) -> str | None:
        return part(str, self._content.get("python_version"))

    @property
    def requirements(self) -> tuple[str, ...] | None:
        options = part(list[str], self._content.get("index_options"))
        pins = part(list[str], self._content.get("requirements"))
        return None if options is None or pins is None else (*options, *pins)

    @property
    def config(self) -> Mapping[str, Any] | None:
        given = self._given
        return None if given is None else part(dict[str, Any], given.get("model_config", {}))

    @property
    def signature(self) -> Mapping[str, str | None] | None:
        """As it was given; None where MLflow infers it."""
        return part(dict[str, str | None], (self._given or {}).get("signature"))

    @property
    def flavor(self) -> str | None:
        """As it was given; None where it is found when the agent is built."""
        flavor = part(str, self._content.get("flavor"))
        return None if flavor == "auto" else flavor

    @property
    def example(self) -> str | None:
        given = self._given
        if given is None:
            return None
        return json.dumps(given["input_example"]) if "input_example" in given else ""

    @property
    def _given(self) -> dict[str, Any] | None:
        return part(dict[str, Any], self._content.get("given"))

    @staticmethod
    def _artifact(place: str, files: Mapping[str, File]) -> Artifact:
        if not place.startswith(_ARTIFACTS):
            return Artifact(place)
        inside = f"{place}/"
        own = {n: each for n, each in files.items() if n == place or n.startswith(inside)}
        return Artifact(place, own)
