"""The registered version that the agent is compared with, of which only what differs is read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from entrypoint.agent import manifest as manifests
from entrypoint.agent.manifest import Manifest
from entrypoint.agent.model_check.manifest_view import ManifestView
from entrypoint.comparison.changes import Baseline
from entrypoint.comparison.mlmodel import MAX_SIZE as MAX_MLMODEL_SIZE
from entrypoint.comparison.mlmodel import NAME as MLMODEL
from entrypoint.comparison.mlmodel import MLmodel
from entrypoint.comparison.model_file import File
from entrypoint.comparison.snapshot import MAX_TEXT_SIZE, REQUIREMENTS, Snapshot
from entrypoint.databricks.auth.workspace_host import Identity
from entrypoint.databricks.model_errors import Target
from entrypoint.databricks.store_errors import token_refused
from entrypoint.inputs.model_name import ModelName
from entrypoint.registry import ui_links
from entrypoint.registry.labels import COMMIT, DIGEST
from entrypoint.registry.retrying_client import retrying
from entrypoint.registry.store_answers import is_login_refused, refusals_as
from entrypoint.registry.stores import Stores
from entrypoint.registry.version_files import VersionFiles, files_of
from entrypoint.registry.version_lookup import VersionLookup
from entrypoint.registry.versions import Versions
from entrypoint.runtime.errors import Failure, Problem
from entrypoint.runtime.log import Log

# Of the code files that are fetched.
_MAX_CODE_BYTES = 10_000_000
_MAX_CODE_FILES = 200
_MAX_MANIFEST_BYTES = 10_000_000
_MAX_NAME_BYTES = 255


class BaselineFailure(Failure):
    """The registered version can't be read, so nothing is compared with it."""


@dataclass(frozen=True)
class BaselineRegistry:
    """The registry of the model `target`; `identity`: who we are, where it is a workspace's.

    `renew` fetches another token in place of one that was refused, and says whether there is one;
    `refused` says why there is none.
    """

    stores: Stores
    target: ModelName
    identity: Identity
    log: Log
    renew: Callable[[], bool] = lambda: False
    refused: Callable[[], Problem] = token_refused

    def find(self, wanted: str = "") -> "RegisteredVersion | None":
        """The version to compare with: by alias (`@champion`), by number, else the highest READY.

        None when there is none yet; nothing is created by looking for it.

        Raises:
            InputFailure: there is no such alias or version, with those that there are.
            BaselineFailure: the registry could not be asked, and why.

        """
        if _is_absent(self.stores.registry_uri):
            return None
        with self.problems():
            versions = Versions(self._client(), self.stores.registry_uri, str(self.target))
            version = VersionLookup(versions, self.stores).version(wanted)
            return RegisteredVersion(self, self._baseline(version, versions)) if version else None

    def _client(self) -> MlflowClient:
        # MLflow creates the file of a SQLite store at once, but sends a workspace no request yet.
        tracking = self.stores.tracking_uri
        mlflow.set_tracking_uri("databricks" if _is_absent(tracking) else tracking)
        mlflow.set_registry_uri(self.stores.registry_uri)
        return retrying(MlflowClient(), self.renew)

    def _baseline(self, found: ModelVersion, versions: Versions) -> Baseline:
        name, version = versions.name, str(found.version)
        tags = found.tags if versions.has_labels else {}
        return Baseline(
            model_uri=f"models:/{name}/{version}",
            version=version,
            url=ui_links.model_url(self.stores.registry_uri, self.identity, name, version),
            commit=tags.get(COMMIT, ""),
            digest=tags.get(DIGEST, ""),
            aliases=tuple(sorted(found.aliases)) if versions.has_labels else (),
        )

    def problems(self) -> AbstractContextManager[None]:
        """Turn a refusal of the registry into a `BaselineFailure`."""
        return refusals_as(lambda error: BaselineFailure(self._explain(error)), self.log)

    def _explain(self, error: Exception) -> Problem:
        if self.stores.registers_at_databricks and is_login_refused(error):
            return replace(self.refused(), detail=str(error))
        code = error.error_code if isinstance(error, MlflowException) else type(error).__name__
        known = Target(self.target, self.identity.name).explain(code, str(error))
        where = f"`{self.target}` in `{self.stores.registry_uri}`"
        return known or Problem(f"{where} can't be read: {code}.", detail=str(error))


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registered model, and how it is read."""

    registry: BaselineRegistry
    baseline: Baseline

    def fetch(self, manifest: Manifest, folder: Path, *, built: bool = False) -> Snapshot:
        """Download into the empty folder what differs from the agent with this manifest.

        With the same digest that is nothing, or where the agent was `built` the prompts.

        Raises:
            BaselineFailure: the registry refused.

        """
        digest = self.baseline.digest
        if digest == manifest.digest and not built:
            return Snapshot(digest)
        with self.registry.problems():
            files = files_of(str(self.registry.target), self.baseline.version, self.registry.stores)
            if digest == manifest.digest:
                return _prompts(files, folder, digest)
            own = _manifest(files, folder)
            if own and own.digest == manifest.digest:
                return Snapshot(own.digest)
            files.fetch(MLMODEL, folder, MAX_MLMODEL_SIZE)
            if own:
                known = manifest.content["files"]
                differing = {
                    name: entry["size"]
                    for name, entry in own.content["files"].items()
                    if entry != known.get(name) and not name.startswith("artifacts/")
                }
                _fetch_code(files, differing, folder)
                return Snapshot.of_version(folder, own, {}, digest)
            files.fetch(REQUIREMENTS, folder, MAX_TEXT_SIZE)
            listed = dict(_listed(files, folder))
            _fetch_code(files, listed, folder)
            sizes = {name: File(size) for name, size in listed.items()}
            return Snapshot.of_version(folder, None, sizes, digest)


def _is_absent(uri: str) -> bool:
    """Whether it is a SQLite store whose file doesn't exist, which MLflow would create."""
    scheme, _, path = uri.partition(":///")
    # An embedded store's URI may be quoted, and name its driver.
    return scheme.partition("+")[0] == "sqlite" and not Path(unquote(path)).exists()


def _prompts(files: VersionFiles, folder: Path, digest: str) -> Snapshot:
    """Of the same agent, the prompts: an alias may name another version of one by now."""
    files.fetch(MLMODEL, folder, MAX_MLMODEL_SIZE)
    mlmodel = MLmodel.read(folder)
    return Snapshot(digest, prompts=frozenset(mlmodel.prompts or ()) if mlmodel else None)


def _manifest(files: VersionFiles, folder: Path) -> Manifest | None:
    """The version's manifest; None when there is none that can be read."""
    if not files.fetch(manifests.PATH, folder, _MAX_MANIFEST_BYTES):
        return None
    try:
        manifest = Manifest.read(folder / manifests.PATH)
        ManifestView.of(manifest)
    except (OSError, ValueError, RecursionError):
        return None
    return manifest


def _listed(files: VersionFiles, folder: Path) -> Iterator[tuple[str, int]]:
    """The code files of a version without a manifest, with their sizes in bytes."""
    mlmodel = MLmodel.read(folder)
    own = mlmodel.code_file if mlmodel else None
    for entry in files.entries(""):
        if entry.path == own and not entry.is_dir:
            yield entry.path, entry.file_size or 0
        elif entry.path == "code" and entry.is_dir:
            yield from files.walk(entry.path)


def _fetch_code(files: VersionFiles, sizes: Mapping[str, int], folder: Path) -> None:
    """Fetch code files within the limits; of the others, only that they differ is known."""
    left = _MAX_CODE_BYTES
    for name in sorted(filter(_is_name, sizes))[:_MAX_CODE_FILES]:
        size = sizes[name]
        if isinstance(size, int) and 0 <= size <= min(left, MAX_TEXT_SIZE):
            left -= size
            files.fetch(name, folder, size)


def _is_name(path: str) -> bool:
    """Whether a file can have the path; else no request is sent for it."""
    # Not printable: half of a surrogate pair, which has no bytes.
    return path.isprintable() and all(
        0 < len(part.encode()) <= _MAX_NAME_BYTES for part in path.split("/")
    )
