"""Files that go up in parts, each to an address of its own: what the SDK does with large ones."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doubles.databricks.files import Files
from doubles.databricks.request import Answer, Request, bad_value
from doubles.databricks.routes import Route
from doubles.databricks.signed import Signed, store

_SESSION = frozenset({"path", "session_token", "expire_time"})


class Multipart:
    """Uploads that are under way: the file of each, and a folder for its parts."""

    def __init__(self, folder: Path, files: Files, signed: Signed) -> None:
        self._folder = folder
        self._files = files
        self._signed = signed
        self._targets: dict[str, Path] = {}

    def routes(self) -> Iterator[Route]:
        yield Route(
            "POST",
            "/api/2.0/fs/files/{path*}",
            self._start_or_finish,
            query=frozenset({"action", "overwrite", "upload_type", "session_token"}),
            fields=frozenset({"parts"}),
        )
        parts = _SESSION | {"start_part_number", "count"}
        yield Route("POST", "/api/2.0/fs/create-upload-part-urls", self._sign_parts, fields=parts)
        yield Route(
            "POST", "/api/2.0/fs/create-abort-upload-url", self._sign_abort, fields=_SESSION
        )

    def _start_or_finish(self, request: Request) -> Answer:
        file = self._files.local(request.principal, "/" + request.parts["path"], write=True)
        if request.query.get("action") == "initiate-upload":
            token = secrets.token_urlsafe(16)
            self._targets[token] = file
            return Answer({"multipart_upload": {"session_token": token}})
        if request.query.get("action") != "complete-upload":
            raise bad_value("The action must be initiate-upload or complete-upload")
        token = request.query.get("session_token", "")
        if self._targets.get(token) != file:
            raise bad_value("The session token is of another file")
        parts = [
            self._part(token, part)
            for part in sorted(request.fields["parts"], key=lambda part: int(part["part_number"]))
        ]
        store(file, b"".join(parts))
        del self._targets[token]
        return Answer({})

    def _part(self, token: str, part: dict[str, Any]) -> bytes:
        body = self._file(token, part["part_number"]).read_bytes()
        if part["etag"] != hashlib.sha256(body).hexdigest():
            raise bad_value(f"The etag of part {part['part_number']} is wrong: {json.dumps(part)}")
        return body

    def _sign_parts(self, request: Request) -> Answer:
        token = self._token(request)
        first = request.fields["start_part_number"]
        urls = [
            {
                "part_number": number,
                "url": self._signed.address("PUT", self._file(token, number)),
                "headers": [],
            }
            for number in range(first, first + request.fields["count"])
        ]
        return Answer({"upload_part_urls": urls})

    def _sign_abort(self, request: Request) -> Answer:
        url = self._signed.address("DELETE", self._file(self._token(request), 1))
        return Answer({"abort_upload_url": {"url": url, "headers": []}})

    def _token(self, request: Request) -> str:
        token = request.fields["session_token"]
        file = self._files.local(request.principal, request.fields["path"], write=True)
        if self._targets.get(token) != file:
            raise bad_value("The session token is of another file")
        return str(token)

    def _file(self, token: str, number: int) -> Path:
        return self._folder / token / str(number)
