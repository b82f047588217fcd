"""The Files API on a folder."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from doubles.databricks.request import Answer, Principal, Refusal, Request, bad_value, missing
from doubles.databricks.routes import Route
from doubles.databricks.signed import Signed, content, store

# Who may read, or write, a path; it raises a refusal where one may not.
Guard = Callable[[Principal, str, bool], None]

_FILES = "/api/2.0/fs/files/{path*}"
_FOLDERS = "/api/2.0/fs/directories/{path*}"


class Files:
    """Files by their paths in the workspace."""

    def __init__(self, folder: Path, signed: Signed, guard: Guard) -> None:
        self._folder = folder
        self._signed = signed
        self._guard = guard
        self.page_size = 1000

    def read(self, path: str) -> bytes | None:
        """A file's content, None when it isn't there."""
        file = self._path(path)
        return file.read_bytes() if file.is_file() else None

    def paths(self, folder: str) -> list[str]:
        """All files in a folder, relative to it."""
        local = self._path(folder)
        return sorted(str(p.relative_to(local)) for p in local.rglob("*") if p.is_file())

    def remove(self, folder: str) -> None:
        """Delete a folder with all that is in it."""
        shutil.rmtree(self._path(folder), ignore_errors=True)

    def local(self, who: Principal, path: str, *, write: bool) -> Path:
        """Where a path is on this machine, for somebody who may go there."""
        file = self._path(path)
        self._guard(who, path, write)
        return file

    def routes(self) -> Iterator[Route]:
        yield Route("PUT", _FILES, self._write, query=frozenset({"overwrite"}), binary=True)
        yield Route("GET", _FILES, self._read)
        yield Route("HEAD", _FILES, self._read)
        yield Route("DELETE", _FILES, self._delete)
        yield Route("HEAD", _FOLDERS, self._is_folder)
        yield Route("GET", _FOLDERS, self._list, query=frozenset({"page_size", "page_token"}))
        for what in ("upload", "download"):
            # MLflow sends a body, the SDK a query.
            named = frozenset({"path", "expire_time"})
            path = f"/api/2.0/fs/create-{what}-url"
            yield Route("POST", path, self._sign, query=named, fields=named, asks=True)

    def _path(self, path: str) -> Path:
        parts = [part for part in path.split("/") if part]
        if not parts or {".", ".."} & set(parts):
            raise bad_value(f"Invalid path: {path}")
        return self._folder.joinpath(*parts)

    def _asked(self, request: Request, *, write: bool = False) -> Path:
        return self.local(request.principal, "/" + request.parts["path"], write=write)

    def _write(self, request: Request) -> Answer:
        file = self._asked(request, write=True)
        if file.is_file() and request.query.get("overwrite") != "true":
            raise Refusal(409, "ALREADY_EXISTS", "The file being created already exists.")
        store(file, request.body)
        return Answer(b"", 204)

    def _read(self, request: Request) -> Answer:
        file = self._asked(request)
        if not file.is_file():
            raise missing("The file being accessed is not found.", "NOT_FOUND")
        return content(file)

    def _delete(self, request: Request) -> Answer:
        file = self._asked(request, write=True)
        if not file.is_file():
            raise missing("The file being accessed is not found.", "NOT_FOUND")
        file.unlink()
        return Answer(b"", 204)

    def _is_folder(self, request: Request) -> Answer:
        if not self._asked(request).is_dir():
            raise missing("The directory being accessed is not found.", "NOT_FOUND")
        return Answer(b"")

    def _list(self, request: Request) -> Answer:
        folder = self._asked(request)
        if not folder.is_dir():
            raise missing("The directory being accessed is not found.", "NOT_FOUND")
        start = int(request.query.get("page_token") or 0)
        found = sorted(folder.iterdir())
        end = start + min(int(request.query.get("page_size") or self.page_size), self.page_size)
        contents = [self._entry(file) for file in found[start:end]]
        more = {"next_page_token": str(end)} if end < len(found) else {}
        return Answer({"contents": contents, **more})

    def _entry(self, file: Path) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "path": f"/{file.relative_to(self._folder)}",
            "name": file.name,
            "is_directory": file.is_dir(),
        }
        if file.is_file():
            entry["file_size"] = file.stat().st_size
            entry["last_modified"] = int(file.stat().st_mtime * 1000)
        return entry

    def _sign(self, request: Request) -> Answer:
        path = request.fields.get("path") or request.query.get("path") or ""
        upload = "upload" in request.path
        file = self.local(request.principal, path, write=upload)
        if not upload and not file.is_file():
            raise missing("The file being accessed is not found.", "NOT_FOUND")
        return Answer(
            {"url": self._signed.address("PUT" if upload else "GET", file), "headers": []}
        )
