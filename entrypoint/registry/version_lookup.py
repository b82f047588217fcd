"""The version that the input `baseline` names."""

from typing import NoReturn

from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.stores import Stores
from entrypoint.registry.versions import READY, Versions
from entrypoint.runtime.errors import InputFailure, Problem

_MAX_LISTED = 10


class VersionLookup:
    """Finds one version, with one or two requests where nothing is wrong."""

    def __init__(self, versions: Versions, stores: Stores) -> None:
        self._versions = versions
        self._stores = stores

    def version(self, wanted: str) -> ModelVersion | None:
        """The version of an alias or a number, else the highest READY one; None without a model.

        Raises:
            InputFailure: there is no such alias or version, with those that there are.

        """
        if not wanted:
            return self._newest()
        if wanted.isdecimal():
            return self._numbered(str(int(wanted)))
        return self._with_alias(wanted.lstrip("@"))

    def _newest(self) -> ModelVersion | None:
        found = self._versions.all()
        if not found and self._stores.registers_at_databricks:
            # Without EXECUTE on the model the search finds nothing, and only this request says so.
            self._versions.model_exists()
        newest = next((each for each in found if each.status == READY), None)
        return newest and self._versions.whole(newest)

    def _numbered(self, wanted: str) -> ModelVersion | None:
        version = self._versions.numbered(wanted)
        if version is None:
            existing = [str(each.version) for each in self._versions.all()]
            if existing or self._versions.model_exists():
                self._refuse(f"no version {wanted}", existing)
        elif version.status != READY:
            name, status = self._versions.name, version.status
            what = f"`baseline`: version {wanted} of `{name}` is {status}, not READY."
            raise InputFailure(Problem(what))
        return version

    def _with_alias(self, alias: str) -> ModelVersion | None:
        if not self._versions.has_labels:
            what = f"`baseline`: `{self._stores.registry_uri}` knows no aliases, so not `{alias}`."
            raise InputFailure(Problem(what, "Give a version's number:\n\n    baseline: 3"))
        version = self._versions.with_alias(alias)
        if version is None and self._versions.model_exists():
            aliases = sorted(self._versions.aliases().items())
            self._refuse(f"no alias `{alias}`", [f"{name} (version {on})" for name, on in aliases])
        return version

    def _refuse(self, what: str, existing: list[str]) -> NoReturn:
        others = " and others" if len(existing) > _MAX_LISTED else ""
        listed = ", ".join(existing[:_MAX_LISTED]) + others
        fix = f"There is: {listed}." if existing else "There is none yet; leave the input out."
        raise InputFailure(Problem(f"`baseline`: `{self._versions.name}` has {what}.", fix))
