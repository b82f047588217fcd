"""The version that the input `baseline` names."""

from typing import NoReturn

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from entrypoint.registry.stores import Stores
from entrypoint.registry.versions import MISSING, READY, Versions
from entrypoint.runtime.errors import InputFailure, Problem

# MLflow's SQL store calls an alias that isn't there an invalid parameter.
_NO_ALIAS = {*MISSING, "INVALID_PARAMETER_VALUE"}
_SHOWN = 10


class VersionSearch:
    """Looks for one version, with one or two requests where all is well."""

    def __init__(self, client: MlflowClient, versions: Versions, stores: Stores) -> None:
        self._client = client
        self._versions = versions
        self._stores = stores
        self._name = versions.name

    def version(self, wanted: str) -> ModelVersion | None:
        """The version of an alias or a number, else the highest READY one; None without a model.

        Raises:
            InputFailure: there is no such alias or version, with those that there are.

        """
        if not wanted:
            return self._newest()
        return self._number(wanted) if wanted.isdecimal() else self._alias(wanted.lstrip("@"))

    def _newest(self) -> ModelVersion | None:
        found = self._versions.all()
        if not found and self._stores.registers_at_databricks:
            # Who may not read the model finds none of its versions, and is not told so.
            self._versions.model_exists()
        ready = [version for version in found if version.status == READY]
        if not ready:
            return None
        return self._versions.whole(max(ready, key=lambda version: int(version.version)))

    def _number(self, wanted: str) -> ModelVersion | None:
        number = str(int(wanted))
        try:
            version = self._client.get_model_version(self._name, number)
        except MlflowException as error:
            if error.error_code not in MISSING:
                raise
            numbers = [str(each.version) for each in self._versions.all()]
            if not numbers and not self._versions.model_exists():
                return None
            self._refuse(f"no version {number}", sorted(numbers, key=int, reverse=True))
        if version.status != READY:
            what = f"`baseline`: version {number} of `{self._name}` is {version.status}, not READY."
            raise InputFailure(Problem(what))
        return version

    def _alias(self, alias: str) -> ModelVersion | None:
        if not self._versions.has_labels:
            what = f"`baseline`: `{self._stores.registry_uri}` knows no aliases, so not `{alias}`."
            raise InputFailure(Problem(what, "Give a version's number:\n\n    baseline: 3"))
        try:
            version = self._client.get_model_version_by_alias(self._name, alias)
        except MlflowException as error:
            if error.error_code not in _NO_ALIAS:
                raise
            if not self._versions.model_exists():
                return None
            model = self._client.get_registered_model(self._name)
            known = [f"{name} (version {number})" for name, number in model.aliases.items()]
            self._refuse(f"no alias `{alias}`", sorted(known))
        return version

    def _refuse(self, what: str, known: list[str]) -> NoReturn:
        shown = ", ".join(known[:_SHOWN]) + (" and others" if len(known) > _SHOWN else "")
        fix = f"There is: {shown}." if shown else "There is none yet; leave the input out."
        raise InputFailure(Problem(f"`baseline`: `{self._name}` has {what}.", fix))
