"""What a model's `MLmodel` tells; a part is None where it isn't what MLflow writes."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel

from entrypoint.agent.canonical_json import canonical
from entrypoint.comparison.untrusted_data import content_of, is_small, part
from entrypoint.inputs.workspace import Workspace
from entrypoint.inputs.yaml_file import read_yaml
from entrypoint.runtime.errors import InputFailure

NAME = "MLmodel"
# MLflow writes a few kilobytes, and a signature of many columns; reading takes a second a megabyte.
LARGEST = 1_000_000
_MOST_VALUES = 100_000

Access = tuple[str, str, bool]
"""A resource: its kind, its name, and whether it is used on behalf of the user."""

_PYFUNC = "python_function"


class _Resource(BaseModel):
    name: str
    on_behalf_of_user: bool | None = None


class _Artifact(BaseModel):
    path: str


class MLmodel:
    """The parts of the file that a comparison is about."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self._flavors = part(dict[str, dict[str, Any]], content.get("flavors"))
        self._pyfunc = (self._flavors or {}).get(_PYFUNC, {})

    @classmethod
    def read(cls, model: Path) -> Self | None:
        """Read the one of a model directory to which nobody writes; None if it can't be."""
        if content_of(model / NAME, LARGEST) is None:
            return None
        try:
            content = read_yaml(NAME, model / NAME, Workspace(model))
        except (OSError, InputFailure):
            return None
        return cls(content) if is_small(content, _MOST_VALUES) else None

    @property
    def flavor(self) -> str | None:
        """The flavor by log-agent's name: the one that isn't `python_function`, if there is one."""
        if not self._flavors:
            return None
        return next((name for name in sorted(self._flavors) if name != _PYFUNC), "pyfunc")

    @property
    def python(self) -> str | None:
        """Python's minor version, `3.12`."""
        version = part(str, self._pyfunc.get("python_version"))
        return version and ".".join(version.split(".")[:2])

    @property
    def config(self) -> dict[str, Any] | None:
        """The model config as JSON; empty where there is none."""
        flavors = (self._flavors or {}).values()
        # `model_config`: where MLflow had it for LangChain before.
        configs = [each.get(key) for key in ("config", "model_config") for each in flavors]
        found: Any = next(filter(None, configs), {})
        try:
            return part(dict[str, Any], json.loads(canonical(found)))
        except ValueError:
            return None

    @property
    def code_file(self) -> str | None:
        """The agent's own file in the model; None when the agent was pickled."""
        for flavor in (self._flavors or {}).values():
            if path := part(str, flavor.get("model_code_path")):
                return path.rpartition("/")[2] or None
        return None

    @property
    def artifacts(self) -> dict[str, str] | None:
        """The artifacts' paths in the model, by name."""
        found = part(dict[str, _Artifact], self._pyfunc.get("artifacts") or {})
        return None if found is None else {name: each.path for name, each in found.items()}

    @property
    def signature(self) -> dict[str, str | None] | None:
        """MLflow's three parts, as JSON texts; empty where there is no signature."""
        given = self._content.get("signature") or {}
        if not isinstance(given, dict):
            return None
        parts = {name: given.get(name) for name in ("inputs", "outputs", "params")}
        return part(dict[str, str | None], parts) if given else {}

    @property
    def resources(self) -> frozenset[Access] | None:
        """The resources, wherever they are declared."""
        policy = self._policy("system_auth_policy")
        given = self._content.get("resources") or (policy or {}).get("resources") or {}
        if policy is None or not isinstance(given, dict):
            return None
        kinds = part(dict[str, list[_Resource]], given.get("databricks") or {})
        return None if kinds is None else frozenset(_accesses(kinds))

    @property
    def scopes(self) -> frozenset[str] | None:
        """The API scopes of the user's token."""
        policy = self._policy("user_auth_policy")
        scopes = None if policy is None else part(list[str], policy.get("api_scopes") or [])
        return None if scopes is None else frozenset(scopes)

    def _policy(self, name: str) -> dict[str, Any] | None:
        policy = part(dict[str, Any], self._content.get("auth_policy") or {})
        return None if policy is None else part(dict[str, Any], policy.get(name) or {})


def _accesses(kinds: Mapping[str, list[_Resource]]) -> Iterator[Access]:
    for kind, resources in kinds.items():
        for resource in resources:
            yield kind, resource.name, bool(resource.on_behalf_of_user)
