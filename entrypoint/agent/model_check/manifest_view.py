"""What a manifest says, typed; one that comes with a model may say anything."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from entrypoint.agent.manifest import Manifest

Access = tuple[str, str, bool]
"""A resource: its kind, its name, and whether it is used on behalf of the user."""

ARTIFACTS = "artifacts/"
"""The folder of the model in which local artifacts lie."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class FileEntry(_Strict):
    """A file's hash, in hexadecimal, and its size in bytes."""

    sha256: str
    size: int


class ResourceEntry(_Strict):
    """A resource that the agent may use."""

    kind: str
    name: str
    on_behalf_of_user: bool


class GivenEntry(_Strict):
    """What the user gave; `canonical` says how JSON holds what only YAML has."""

    config: dict[str, JsonValue] = Field(default_factory=dict, alias="model_config")
    signature: dict[str, str | None] | None = None
    """MLflow's three parts, as JSON texts; None where MLflow infers it."""
    input_example: list[JsonValue] | None = None
    """The example, in a list of its own."""


class ManifestView(_Strict):
    """The parts of a manifest, as `Manifest.of` writes them."""

    version: int
    files: dict[str, FileEntry]
    artifacts: dict[str, str]
    flavor: str
    python_version: str
    index_options: list[str]
    requirements: list[str]
    resources: list[ResourceEntry]
    scopes: list[str]
    given: GivenEntry = Field(default_factory=GivenEntry)

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Read a manifest.

        Raises:
            ValueError: log-agent writes no such manifest; the message finishes "the manifest".

        """
        try:
            view = cls.model_validate(manifest.content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ValueError(f"is not what log-agent writes: `{where}`: {first['msg']}") from error
        if len(view.entry_files) != 1:
            raise ValueError("does not name one file of the agent")
        return view

    @property
    def entry_files(self) -> list[str]:
        """The agent's own file, the only one that isn't in a folder."""
        return [name for name in self.files if "/" not in name]

    @property
    def has_code(self) -> bool:
        """Whether code travels with the agent's file."""
        return any(name.startswith("code/") for name in self.files)

    @property
    def accesses(self) -> list[Access]:
        """The resources, sorted."""
        return sorted((it.kind, it.name, it.on_behalf_of_user) for it in self.resources)


def is_local(place: str) -> bool:
    """Whether an artifact of the manifest is a path in the model, and not a URI."""
    return place.startswith(ARTIFACTS)
