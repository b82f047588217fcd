"""Registered models and their versions, by the rules of Unity Catalog."""

import re
import secrets
import threading
import time

from mlflow.protos.databricks_uc_registry_messages_pb2 import (
    FAILED_REGISTRATION,
    PENDING_REGISTRATION,
    READY,
    CreateModelVersionRequest,
    CreateRegisteredModelRequest,
    ModelVersion,
    ModelVersionStatus,
    RegisteredModel,
)

from doubles.databricks import tags
from doubles.databricks.catalog import Catalog
from doubles.databricks.registration import Registrations
from doubles.databricks.request import Principal, Refusal, bad_value, denied, missing
from doubles.databricks.resources import Resources

_ALIAS = re.compile(r"(?!latest$)(?!v\d+$)[A-Za-z0-9_-]{1,255}")


class Models:
    """The models of one metastore; their protocol messages are the state."""

    def __init__(self, catalog: Catalog, resources: Resources) -> None:
        self._catalog = catalog
        self._resources = resources
        self._models: dict[str, RegisteredModel] = {}
        self._versions: dict[str, dict[int, ModelVersion]] = {}
        self._latest: dict[str, int] = {}
        self.registrations = Registrations()
        self.lock = threading.RLock()

    def create(self, who: Principal, asked: CreateRegisteredModelRequest) -> RegisteredModel:
        name = self._enter(who, asked.name, "CREATE_MODEL")
        # Models and functions share their names; so do tables, here.
        taken = self._resources.has("function", name) or self._resources.has("table", name)
        if name in self._models or taken:
            raise Refusal(
                400, "RESOURCE_ALREADY_EXISTS", f"Routine or Model '{name}' already exists."
            )
        tags.check(asked.tags)
        model = RegisteredModel(
            name=name,
            user_id=who.name,
            description=asked.description,
            tags=asked.tags,
            deployment_job_id=asked.deployment_job_id,
            creation_timestamp=_now(),
            last_updated_timestamp=_now(),
        )
        self._models[name] = model
        self._versions[name] = {}
        self._catalog.own(name, who)
        return model

    def get(self, who: Principal, name: str, privilege: str = "EXECUTE") -> RegisteredModel:
        """A model that somebody has a privilege on: "OWN" is for its owner alone."""
        name = self._enter(who, name)
        model = self._models.get(name)
        if model is None:
            raise missing(f"Routine or Model '{name}' does not exist.")
        owns = self._catalog.owns(who, name)
        if not owns and (privilege == "OWN" or not self._catalog.has(who, name, privilege)):
            spelt = "MANAGE" if privilege == "OWN" else privilege.replace("_", " ")
            raise denied(f"User does not have {spelt} on Routine or Model '{name}'.")
        return model

    def delete(self, who: Principal, name: str) -> list[ModelVersion]:
        """Delete a model; the versions that go with it."""
        name = self.get(who, name, "OWN").name
        self._catalog.own(name, None)
        del self._models[name]
        self._latest.pop(name, None)
        return list(self._versions.pop(name).values())

    def all(self, who: Principal) -> list[RegisteredModel]:
        """Those that somebody may see."""
        return [model for name, model in self._models.items() if self._sees(who, name)]

    def create_version(self, who: Principal, asked: CreateModelVersionRequest) -> ModelVersion:
        name = self.get(who, asked.name, "CREATE_MODEL_VERSION").name
        tags.check(asked.tags)
        # A number is never given twice, not even after its version is deleted.
        self._latest[name] = number = self._latest.get(name, 0) + 1
        version = ModelVersion(
            name=name,
            version=str(number),
            user_id=who.name,
            source=asked.source,
            run_id=asked.run_id,
            run_tracking_server_id=asked.run_tracking_server_id,
            description=asked.description,
            tags=asked.tags,
            model_id=asked.model_id,
            status=PENDING_REGISTRATION,
            storage_location=f"s3://metastore/models/{secrets.token_hex(8)}/versions/{number}",
            creation_timestamp=_now(),
            last_updated_timestamp=_now(),
        )
        self._versions[name][number] = version
        return version

    def version(
        self, who: Principal, name: str, number: str, privilege: str = "EXECUTE"
    ) -> ModelVersion:
        model = self.get(who, name, privilege)
        if not number.isdecimal():
            raise bad_value(f"Invalid model version: '{number}' is no number.")
        version = self._versions[model.name].get(int(number))
        if version is None:
            raise missing(f"Model version '{number}' of '{model.name}' does not exist.")
        return version

    def finish(self, version: ModelVersion, problem: str) -> None:
        """End a pending version as the test says, or as FAILED_REGISTRATION with the problem.

        Raises:
            Refusal: there is a problem, or the version isn't pending.

        """
        if version.status != PENDING_REGISTRATION:
            raise bad_value(f"Model version {version.version} is not in PENDING_REGISTRATION.")
        version.last_updated_timestamp = _now()
        if problem:
            version.status, version.status_message = FAILED_REGISTRATION, problem
            raise bad_value(problem)
        self.registrations.begin(version)

    def delete_version(self, who: Principal, name: str, number: str) -> ModelVersion:
        version = self.version(who, name, number, "OWN")
        model = self._models[version.name]
        left = [alias for alias in model.aliases if alias.version != version.version]
        del model.aliases[:]
        model.aliases.extend(left)
        return self._versions[version.name].pop(int(version.version))

    def all_versions(self, who: Principal) -> list[ModelVersion]:
        """Those that somebody may see, in the order in which they were made: not by number."""
        versions = [
            version
            for name, versions in self._versions.items()
            if self._sees(who, name)
            for version in versions.values()
        ]
        return sorted(versions, key=lambda version: version.creation_timestamp)

    def set_alias(self, who: Principal, name: str, alias: str, number: str) -> None:
        if not _ALIAS.fullmatch(alias):
            raise bad_value(f"Invalid alias name: '{alias}'.")
        version = self.version(who, name, number, "OWN")
        if version.status != READY:
            status = ModelVersionStatus.Name(version.status)
            raise Refusal(
                400, "INVALID_STATE", f"Model version {version.version} is in {status} state."
            )
        self.delete_alias(who, name, alias)
        self._models[version.name].aliases.add(alias=alias, version=version.version)

    def delete_alias(self, who: Principal, name: str, alias: str) -> None:
        model = self.get(who, name, "OWN")
        left = [each for each in model.aliases if each.alias != alias]
        del model.aliases[:]
        model.aliases.extend(left)

    def by_alias(self, who: Principal, name: str, alias: str) -> ModelVersion:
        model = self.get(who, name)
        for each in model.aliases:
            if each.alias == alias:
                return self.version(who, name, each.version)
        raise missing(f"Alias '{alias}' of '{model.name}' does not exist.")

    def _enter(self, who: Principal, name: str, privilege: str = "") -> str:
        """The name as it is stored, for somebody who may enter its schema."""
        levels = name.lower().split(".")
        if len(levels) != 3 or not all(re.fullmatch(r"[^/\s.]{1,255}", each) for each in levels):
            raise bad_value(
                "Bad model name: please specify all three levels of the model in the form"
                " `catalog_name.schema_name.model_name`"
            )
        self._catalog.require(who, ".".join(levels[:2]), privilege)
        return ".".join(levels)

    def _sees(self, who: Principal, name: str) -> bool:
        return self._catalog.owns(who, name) or self._catalog.has(who, name, "EXECUTE")


def _now() -> int:
    return time.time_ns() // 1_000_000
