"""The versions of one registered model, in whichever registry."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from entrypoint.registry.labels import Labels

READY = "READY"
_EXISTS = {"RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"}
MISSING = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}


class Versions:
    """Finds, makes and labels versions of the model `name`."""

    def __init__(self, client: MlflowClient, registry_uri: str, name: str) -> None:
        self._client = client
        self.name = name
        self.has_labels = not registry_uri.startswith("uc:")
        """Whether there are aliases and tags: open-source Unity Catalog has neither."""

    def of_runs(self, run_ids: Iterable[str]) -> list[ModelVersion]:
        """The versions that these runs made, oldest first; without their tags and aliases."""
        run_ids = set(run_ids)
        if not run_ids:
            return []
        if self.has_labels:
            found = [v for run in run_ids for v in self._search(f"run_id='{run}'")]
        else:  # it can be searched by name alone
            found = self.all()
        own = (each for each in found if self.has(each) and each.run_id in run_ids)
        return sorted(own, key=lambda version: int(version.version))

    def has(self, version: ModelVersion) -> bool:
        """Whether it is a version of this model; Unity Catalog writes names in lower case."""
        return version.name.lower() == self.name.lower()

    def all(self) -> list[ModelVersion]:
        """The versions, whoever made them; without their tags and aliases."""
        return self._search(f"name='{self.name}'")

    def model_exists(self) -> bool:
        """Whether the registered model is there."""
        try:
            self._client.get_registered_model(self.name)
        except MlflowException as error:
            if error.error_code not in MISSING:
                raise
            return False
        return True

    def create_model(self) -> bool:
        """Make the registered model; whether it wasn't there already."""
        try:
            self._client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code not in _EXISTS:
                raise
            return False
        return True

    def delete_model(self) -> None:
        """Delete the registered model, which must have no versions; a missing one is fine."""
        try:
            self._client.delete_registered_model(self.name)
        except MlflowException as error:
            if error.error_code not in MISSING:
                raise

    def create(self, model: LoggedModel, files: Path, labels: Labels) -> ModelVersion:
        """Make a version of the logged model from its files at hand, with all of its tags.

        MLflow's own way of registering what it logs: the client's public one has neither the files,
        and downloads them, nor a description that comes with the version.
        """
        return self._client._create_model_version(  # noqa: SLF001
            name=self.name,
            source=f"models:/{model.model_id}",
            run_id=model.source_run_id,
            tags=dict(labels.tags),
            description=labels.description,
            local_model_path=str(files),
            model_id=model.model_id,
        )

    def copy(
        self, version: ModelVersion, files: Path, tags: Mapping[str, str], description: str
    ) -> ModelVersion:
        """Make a version of another one, whose files are at hand, with all of its tags.

        MLflow's `copy_model_version` gives it the other one's tags, and downloads the files.
        """
        return self._client._create_model_version(  # noqa: SLF001
            name=self.name,
            source=f"models:/{version.name}/{version.version}",
            run_id=version.run_id,
            tags=dict(tags),
            description=description,
            local_model_path=str(files),
            model_id=version.model_id,
        )

    def delete(self, version: ModelVersion) -> None:
        """Delete a version; one that isn't there any more is fine."""
        try:
            self._client.delete_model_version(self.name, version.version)
        except MlflowException as error:
            if error.error_code not in MISSING:
                raise

    def whole(self, version: ModelVersion) -> ModelVersion:
        """The version with its tags and aliases, which a search doesn't give."""
        return self.at(version.version)

    def at(self, number: str) -> ModelVersion:
        """The version with a number, whole."""
        return self._client.get_model_version(self.name, number)

    def tags_of(self, version: ModelVersion) -> Mapping[str, str]:
        """The tags of a version that was found; none where it is gone meanwhile."""
        try:
            return self.whole(version).tags if self.has_labels else {}
        except MlflowException as error:
            if error.error_code not in MISSING:
                raise
            return {}

    def tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        """Set those tags that the version (a whole one) doesn't have yet."""
        for key, value in tags.items():
            if version.tags.get(key) != value:
                self._client.set_model_version_tag(self.name, version.version, key, value)

    def aliases(self) -> dict[str, str]:
        """The aliases of the model, each with the number of its version."""
        if not self.has_labels:
            return {}
        try:
            model = self._client.get_registered_model(self.name)
        except MlflowException as error:
            if error.error_code not in MISSING:
                raise
            return {}
        return {alias: str(number) for alias, number in model.aliases.items()}

    def with_alias(self, alias: str) -> ModelVersion | None:
        """The version to which an alias points, with its tags; None where there is none."""
        try:
            return self._client.get_model_version_by_alias(self.name, alias)
        except MlflowException as error:
            # SQL stores answer an alias that isn't there like a wrong question.
            if error.error_code not in {*MISSING, "INVALID_PARAMETER_VALUE"}:
                raise
            return None

    def set_alias(self, version: ModelVersion, alias: str) -> None:
        """Let an alias point to the version."""
        self._client.set_registered_model_alias(self.name, alias, version.version)

    def _search(self, filter_string: str) -> list[ModelVersion]:
        found: list[ModelVersion] = []
        token = None
        try:
            while True:
                page = self._client.search_model_versions(filter_string, page_token=token)
                found += page
                token = page.token
                if not token:
                    return found
        except MlflowException as error:
            if error.error_code in MISSING:
                return []
            raise
