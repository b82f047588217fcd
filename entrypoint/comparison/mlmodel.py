"""What a model's `MLmodel` says, read whole: https://mlflow.org/docs/latest/ml/model/#mlmodel-file.

Anybody may have written it. Keys that a comparison isn't about are left alone; the others are of
MLflow's types, or nothing of the file is taken.
"""

import json
from pathlib import Path
from typing import Any, Self

from pydantic import AliasPath, BaseModel, ConfigDict, Field

from entrypoint.agent.canonical_json import canonical
from entrypoint.agent.model_check.manifest_view import Access
from entrypoint.agent.model_check.yaml_mapping import read_mapping

NAME = "MLmodel"
# Bytes: MLflow writes a few kilobytes, and a signature of many columns.
MAX_SIZE = 1_000_000

_PYFUNC = "python_function"


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Resource(_Part):
    name: str
    on_behalf_of_user: bool | None = None


class _Resources(_Part):
    databricks: dict[str, list[_Resource]] | None = None


class _SystemPolicy(_Part):
    resources: _Resources | None = None


class _UserPolicy(_Part):
    api_scopes: list[str] | None = None


class _AuthPolicy(_Part):
    system_auth_policy: _SystemPolicy = _SystemPolicy()
    user_auth_policy: _UserPolicy = _UserPolicy()


class _Signature(_Part):
    inputs: str | None = None
    outputs: str | None = None
    params: str | None = None


class _Pyfunc(_Part):
    python_version: str | None = None
    artifacts: dict[str, Any] | None = None


class MLmodel(_Part):
    """The parts of the file that a comparison is about."""

    flavors: dict[str, dict[str, Any]] = Field(min_length=1)
    pyfunc: _Pyfunc = Field(_Pyfunc(), validation_alias=AliasPath("flavors", _PYFUNC))
    given_signature: _Signature | None = Field(None, alias="signature")
    given_resources: _Resources | None = Field(None, alias="resources")
    auth_policy: _AuthPolicy | None = None
    prompts: list[str] | None = None
    """URIs of the prompts that the agent loads, `prompts:/catalog.schema.prompt/3`."""

    @classmethod
    def read(cls, model: Path) -> Self | None:
        """Read the file of a model directory; None if MLflow writes no such file."""
        try:
            return cls.model_validate(read_mapping(model.resolve() / NAME))
        except ValueError:
            return None

    @property
    def flavor(self) -> str:
        """The flavor by log-agent's name: the one that isn't `python_function`, if there is one."""
        return next((name for name in sorted(self.flavors) if name != _PYFUNC), "pyfunc")

    @property
    def python(self) -> str | None:
        """Python's minor version, `3.12`."""
        version = self.pyfunc.python_version
        return version and ".".join(version.split(".")[:2])

    @property
    def config(self) -> dict[str, Any] | None:
        """The model config in canonical JSON; empty where there is none, None if it isn't one."""
        # `model_config`: where MLflow had it for LangChain before.
        config = self._of_any_flavor("config") or self._of_any_flavor("model_config") or {}
        try:
            return json.loads(canonical(config)) if isinstance(config, dict) else None
        except ValueError:
            return None

    @property
    def code_file(self) -> str | None:
        """The agent's own file in the model; None when the agent was pickled."""
        path = self._of_any_flavor("model_code_path")
        return path.rpartition("/")[2] if isinstance(path, str) else None

    @property
    def artifacts(self) -> frozenset[str]:
        """The artifacts' names."""
        return frozenset(self.pyfunc.artifacts or ())

    @property
    def signature(self) -> dict[str, str | None]:
        """MLflow's three parts, as JSON texts; empty where there is no signature."""
        return self.given_signature.model_dump() if self.given_signature else {}

    @property
    def resources(self) -> frozenset[Access]:
        """The resources, wherever they are declared."""
        policy = self.auth_policy or _AuthPolicy()
        declared = self.given_resources or policy.system_auth_policy.resources or _Resources()
        return frozenset(
            (kind, each.name, bool(each.on_behalf_of_user))
            for kind, resources in (declared.databricks or {}).items()
            for each in resources
        )

    @property
    def scopes(self) -> frozenset[str]:
        """The API scopes of the user's token."""
        policy = self.auth_policy or _AuthPolicy()
        return frozenset(policy.user_auth_policy.api_scopes or ())

    def _of_any_flavor(self, key: str) -> Any:
        """A value that MLflow has had in `python_function` and in the library's own flavor."""
        return next(filter(None, (flavor.get(key) for flavor in self.flavors.values())), None)
