"""The versions of one registered model, in any registry."""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from mlflow import MlflowClient
from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

READY, PENDING = "READY", "PENDING_REGISTRATION"
MISSING = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}
# MLflow's SQL store calls an alias that isn't there an invalid parameter.
_NO_ALIAS = {*MISSING, "INVALID_PARAMETER_VALUE"}
_EXISTS = {"RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"}

Answer = TypeVar("Answer")


def none_if(codes: Collection[str], request: Callable[[], Answer]) -> Answer | None:
    """The answer to a request, None where the server refuses it with one of MLflow's error codes.

    Raises:
        MlflowException: the server refuses it with another code.

    """
    try:
        return request()
    except MlflowException as error:
        if error.error_code not in codes:
            raise
        return None


def number(version: ModelVersion) -> int:
    """The version's number, by which versions are ordered."""
    return int(version.version)


class Versions:
    """Finds, creates and labels versions of the model `name`."""

    def __init__(self, client: MlflowClient, registry_uri: str, name: str) -> None:
        self._client = client
        self.name = name
        self.has_labels = not registry_uri.startswith("uc:")
        """Whether versions have aliases and tags: open-source Unity Catalog has neither."""

    def find_by_runs(self, run_ids: Iterable[str]) -> list[ModelVersion]:
        """The versions that belong to these runs, oldest first; without their tags and aliases."""
        run_ids = set(run_ids)
        if not run_ids:
            return []
        if self.has_labels:
            found = [v for run in run_ids for v in self._search(f"run_id='{run}'")]
        else:  # it can be searched by name alone
            found = self.all()
        return sorted((v for v in found if self.has(v) and v.run_id in run_ids), key=number)

    def has(self, version: ModelVersion) -> bool:
        """Whether it is a version of this model; Unity Catalog writes names in lower case."""
        return version.name.lower() == self.name.lower()

    def all(self) -> list[ModelVersion]:
        """All versions, newest first; without their tags and aliases."""
        return sorted(self._search(f"name='{self.name}'"), key=number, reverse=True)

    def model_exists(self) -> bool:
        """Whether the registered model exists."""
        return none_if(MISSING, lambda: self._client.get_registered_model(self.name)) is not None

    def create_model(self) -> bool:
        """Create the registered model; False where it exists already."""
        created = none_if(_EXISTS, lambda: self._client.create_registered_model(self.name))
        return created is not None

    def delete_model(self) -> None:
        """Delete the registered model, which must have no versions; a missing one is fine."""
        none_if(MISSING, lambda: self._client.delete_registered_model(self.name))

    def create(
        self,
        source: LoggedModel | ModelVersion,
        files: Path,
        tags: Mapping[str, str],
        description: str,
    ) -> ModelVersion:
        """Create a version of a logged model, or of another version, whose files are at hand.

        MLflow's own way of registering what it logs: its client's public methods download the
        files, `create_model_version` sets no description at once, and `copy_model_version` copies
        the tags. The version may be PENDING still.
        """
        if isinstance(source, LoggedModel):
            uri, run_id = f"models:/{source.model_id}", source.source_run_id
        else:
            uri, run_id = f"models:/{source.name}/{source.version}", source.run_id
        return self._client._create_model_version(  # noqa: SLF001
            name=self.name,
            source=uri,
            run_id=run_id,
            tags=dict(tags),
            description=description,
            local_model_path=str(files),
            model_id=source.model_id,
            await_creation_for=0,
        )

    def delete(self, version: ModelVersion) -> None:
        """Delete a version; one that doesn't exist any more is fine."""
        none_if(MISSING, lambda: self._client.delete_model_version(self.name, version.version))

    def whole(self, version: ModelVersion) -> ModelVersion:
        """The version with its tags and aliases, which a search doesn't return."""
        return self._client.get_model_version(self.name, version.version)

    def numbered(self, wanted: str) -> ModelVersion | None:
        """The version with a number, with its tags and aliases."""
        return none_if(_NO_ALIAS, lambda: self._client.get_model_version(self.name, wanted))

    def with_alias(self, alias: str) -> ModelVersion | None:
        """The version to which an alias points, with its tags."""
        return none_if(_NO_ALIAS, lambda: self._client.get_model_version_by_alias(self.name, alias))

    def tags_of(self, version: ModelVersion) -> Mapping[str, str]:
        """The tags of a version that a search found; none where it was deleted meanwhile."""
        if not self.has_labels:
            return {}
        whole = none_if(MISSING, lambda: self.whole(version))
        return whole.tags if whole else {}

    def aliases_of(self, version: ModelVersion) -> list[str]:
        """The aliases that a version has now."""
        return list(self.whole(version).aliases) if self.has_labels else []

    def tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        """Set those tags that the version (with its tags) doesn't have yet."""
        for key, value in tags.items():
            if version.tags.get(key) != value:
                self._client.set_model_version_tag(self.name, version.version, key, value)

    def aliases(self) -> dict[str, str]:
        """All aliases of the model, each with the number of its version."""
        if not self.has_labels:
            return {}
        model = none_if(MISSING, lambda: self._client.get_registered_model(self.name))
        return {alias: str(version) for alias, version in model.aliases.items()} if model else {}

    def set_alias(self, version: ModelVersion, alias: str) -> None:
        """Let an alias point to the version."""
        self._client.set_registered_model_alias(self.name, alias, version.version)

    def _search(self, filter_string: str) -> list[ModelVersion]:
        return none_if(MISSING, lambda: self._pages(filter_string)) or []

    def _pages(self, filter_string: str) -> list[ModelVersion]:
        found: list[ModelVersion] = []
        token = None
        while True:
            page = self._client.search_model_versions(filter_string, page_token=token)
            found += page
            token = page.token
            if not token:
                return found
