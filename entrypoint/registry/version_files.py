"""The files of a registered version, read without a request that writes."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from mlflow.entities import FileInfo
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.databricks_sdk_models_artifact_repo import (
    DatabricksSDKModelsArtifactRepository,
)
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository
from mlflow.store.artifact.unity_catalog_models_artifact_repo import (
    UnityCatalogModelsArtifactRepository,
)
from mlflow.store.artifact.unity_catalog_oss_models_artifact_repo import (
    UnityCatalogOSSModelsArtifactRepository,
)
from mlflow.utils._unity_catalog_utils import is_databricks_sdk_models_artifact_repository_enabled
from mlflow.utils.databricks_utils import get_databricks_host_creds

from entrypoint.agent.model_check.files import listed, open_regular
from entrypoint.comparison.model_file import content_of
from entrypoint.registry.stores import Stores

_CATALOGS = (UnityCatalogModelsArtifactRepository, UnityCatalogOSSModelsArtifactRepository)
_MAX_DEPTH = 20
_PARALLEL_DOWNLOADS = 8


def files_of(name: str, version: str, stores: Stores) -> "VersionFiles":
    """The files of a version, by the API of its registry that takes the fewest requests.

    Raises:
        PermissionError: an embedded store, which can come with the checkout, points elsewhere.

    """
    if stores.registers_at_databricks and _has_files_api(stores):
        # `download_artifacts` would record a use of the model in Unity Catalog's lineage.
        return _Workspace(
            DatabricksSDKModelsArtifactRepository(name, version, registry_uri=stores.registry_uri)
        )
    repository: ArtifactRepository = ModelsArtifactRepository(
        f"models:/{name}/{version}", stores.tracking_uri, stores.registry_uri
    )
    while isinstance(repository, ModelsArtifactRepository):
        repository = repository.repo
    if isinstance(repository, _CATALOGS):
        # Once: the public methods request the location and credentials anew for each file.
        repository = repository._get_artifact_repo()  # type: ignore[no-untyped-call]  # noqa: SLF001
    if isinstance(repository, LocalArtifactRepository):
        folder = Path(repository.artifact_dir).resolve()
        if _is_embedded(stores) and not folder.is_relative_to(_own(stores)):
            raise PermissionError(f"the files of version {version} are outside of the store")
        return _Folder(folder, repository)
    if _is_embedded(stores):
        raise PermissionError(f"the files of version {version} are not in the store")
    return _Store(repository)


class UnreadableFiles(Exception):
    """Some of a version's files can't be read or listed; `problems` are sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(*problems)
        self.problems = problems


class VersionFiles(ABC):
    """The files of one version."""

    def __init__(self, repository: ArtifactRepository) -> None:
        self._repository = repository

    @abstractmethod
    def fetch(self, name: str, folder: Path, most: int) -> bool:
        """Copy a file into a local folder; False if it isn't there or has more than `most` bytes.

        `name`: its path in the model, without `..`.
        """

    def download(self, folder: Path) -> None:
        """Copy all files into an empty local folder.

        Raises:
            UnreadableFiles: one of them is not a regular file or folder.

        """
        self._repository.download_artifacts("", str(folder))  # type: ignore[no-untyped-call]

    def walk(self, folder: str, depth: int = 0) -> Iterator[tuple[str, int]]:
        """The files in a folder of the model and below, with their sizes, one request a folder."""
        for entry in self.entries(folder):
            if not entry.is_dir:
                yield entry.path, entry.file_size or 0
            elif depth < _MAX_DEPTH:
                yield from self.walk(entry.path, depth + 1)

    def entries(self, folder: str) -> list[FileInfo]:
        """The files and folders in a folder of the model; none when it doesn't exist."""
        found = self._repository.list_artifacts(folder)
        return [each for each in found if each.path != folder and _is_inside(each.path, folder)]


class _Workspace(VersionFiles):
    """Read by the Files API of a Databricks workspace."""

    def __init__(self, repository: DatabricksSDKModelsArtifactRepository) -> None:
        super().__init__(repository)
        self._root = repository.model_base_path
        self._client = repository.client
        # Else each file takes two requests: one for a presigned URL, one for the file.
        self._client.config.disable_experimental_files_api_client = True

    def fetch(self, name: str, folder: Path, most: int) -> bool:
        from databricks.sdk.errors import NotFound  # noqa: PLC0415 - it takes a second to import

        try:
            content = self._client.files.download(f"{self._root}/{name}").contents
        except NotFound:
            return False
        with content:
            return _save(content, folder / name, most)

    def download(self, folder: Path) -> None:
        def copy(name: str) -> None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = self._client.files.download(f"{self._root}/{name}").contents
            with content, path.open("wb") as file:
                shutil.copyfileobj(content, file)

        with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
            for _ in pool.map(copy, [name for name, _ in self.walk("")]):
                pass


class _Folder(VersionFiles):
    """Read from a folder on this machine, in which there may be links to anywhere."""

    def __init__(self, root: Path, repository: LocalArtifactRepository) -> None:
        super().__init__(repository)
        self._root = root

    def fetch(self, name: str, folder: Path, most: int) -> bool:
        path = self._root / name
        try:
            is_linked = path.parent.resolve() != path.parent
        except OSError:  # no file can have the name
            return False
        content = None if is_linked else content_of(path, most)
        return content is not None and _save(BytesIO(content), folder / name, most)

    def download(self, folder: Path) -> None:
        listing = listed(self._root)
        if listing.problems:
            raise UnreadableFiles(listing.problems)
        for name in sorted(listing.folders):
            (folder / name).mkdir()
        for name in listing.files:
            with open_regular(self._root / name) as content, (folder / name).open("xb") as file:
                shutil.copyfileobj(content, file)

    def entries(self, folder: str) -> list[FileInfo]:
        if (self._root / folder).resolve() != self._root / folder:
            return []
        return super().entries(folder)


class _Store(VersionFiles):
    """Read by MLflow from any other kind of storage."""

    def __init__(self, repository: ArtifactRepository) -> None:
        super().__init__(repository)
        self._listed: dict[str, list[FileInfo]] = {}

    def fetch(self, name: str, folder: Path, most: int) -> bool:
        sizes = {each.path: each.file_size for each in self.entries(name.rpartition("/")[0])}
        size = sizes.get(name)
        if size is None or size > most:
            return False
        self._repository.download_artifacts(name, str(folder))  # type: ignore[no-untyped-call]
        return True

    def entries(self, folder: str) -> list[FileInfo]:
        if folder not in self._listed:
            self._listed[folder] = super().entries(folder)
        return self._listed[folder]


def _save(content: BinaryIO, path: Path, most: int) -> bool:
    """Write a file of at most `most` bytes; False if it has more, or can't have its name."""
    start = content.read(most + 1)
    if len(start) > most:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(start)
    except OSError:
        return False
    return True


def _has_files_api(stores: Stores) -> bool:
    creds = get_databricks_host_creds(stores.registry_uri)  # type: ignore[no-untyped-call]
    return bool(is_databricks_sdk_models_artifact_repository_enabled(creds))  # type: ignore[no-untyped-call]


def _is_inside(path: str, folder: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.startswith("/") and ".." not in parts and path.startswith(folder)


def _is_embedded(stores: Stores) -> bool:
    return stores.embedded_folder is not None and stores.registry_uri == stores.tracking_uri


def _own(stores: Stores) -> Path:
    return (stores.embedded_folder or Path()).resolve()
