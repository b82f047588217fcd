"""The files of model versions: who may touch them, and what must be in them."""

import re
from collections.abc import Callable

import yaml
from mlflow.protos.databricks_uc_registry_messages_pb2 import (
    PENDING_REGISTRATION,
    READY,
    ModelVersion,
)

from doubles.databricks.models import Models
from doubles.databricks.request import Principal, bad_value, denied

_VERSION = re.compile(r"/Models/([^/]+)/([^/]+)/([^/]+)/(\d+)(/.*)?")
# MLflow keeps there what is logged in experiments.
_TRACKING = "/WorkspaceInternal/Mlflow/Artifacts/"


def folder(version: ModelVersion) -> str:
    """Where the files of a version are."""
    return f"/Models/{version.name.replace('.', '/')}/{version.version}"


def check_access(who: Principal, version: ModelVersion, *, write: bool) -> None:
    """Files are written before a version is READY, by its maker, and read afterwards.

    Raises:
        Refusal: not so.

    """
    if write and version.status != PENDING_REGISTRATION:
        raise denied(f"The files of model version {version.version} are final.")
    if write and version.user_id != who.name:
        raise denied(f"User is not the owner of model version {version.version}.")
    if not write and version.status != READY:
        raise bad_value(f"Model version {version.version} is not READY.")


def guard(models: Models) -> Callable[[Principal, str, bool], None]:
    """Who may read or write which path of the Files API."""

    def check(who: Principal, path: str, write: bool) -> None:  # noqa: FBT001 - files.Guard
        if path.startswith(_TRACKING):
            return
        named = _VERSION.fullmatch(path)
        if not named:
            raise bad_value(f"Invalid path: {path}")
        with models.lock:
            version = models.version(who, ".".join(named.group(1, 2, 3)), named[4])
            check_access(who, version, write=write)

    return check


def problem(content: bytes | None) -> str:
    """Why a version with this `MLmodel` can't be READY, empty when it can."""
    if content is None:
        return "The model version has no MLmodel file."
    signature = yaml.safe_load(content).get("signature") or {}
    if not signature.get("outputs"):
        return (
            "Model passed for registration did not contain a signature with output types. All"
            " models in the Unity Catalog must be logged with a model signature containing both"
            " input and output type specifications."
        )
    return ""
