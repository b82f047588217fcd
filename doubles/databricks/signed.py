"""The cloud's storage behind a workspace: addresses that are signed in advance."""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

from doubles.databricks.request import Answer, Request
from doubles.databricks.routes import Route


class Signed:
    """Each address is for one file and one verb, for `lifetime` seconds."""

    def __init__(self, host: Callable[[], str]) -> None:
        self._host = host
        self._files: dict[str, tuple[str, Path, float]] = {}
        self.lifetime = 3600.0

    def address(self, verb: str, file: Path) -> str:
        """Sign an address for a file."""
        key = secrets.token_urlsafe(32)
        self._files[key] = (verb, file, time.monotonic() + self.lifetime)
        return f"{self._host()}/signed/{key}?X-Amz-Expires={int(self.lifetime)}"

    def routes(self) -> Iterator[Route]:
        for verb in ("GET", "PUT", "DELETE"):
            yield Route(verb, "/signed/{key}", self._act, opaque=True, public=True)

    def _act(self, request: Request) -> Answer:
        # It doesn't know the workspace's tokens, and a client that sends one gives it away.
        if request.headers.get("Authorization"):
            return _error(400, "InvalidArgument", "Only one auth mechanism allowed")
        verb, file, expires = self._files.get(request.parts["key"], ("", Path(), 0.0))
        if verb != request.verb:
            return _error(403, "SignatureDoesNotMatch", "The signature does not match")
        if expires < time.monotonic():
            return _error(403, "AccessDenied", "Request has expired")
        if verb == "DELETE":
            file.unlink(missing_ok=True)
            return Answer(b"", 204)
        if verb == "PUT":
            store(file, request.body)
            return Answer(b"", headers={"ETag": hashlib.sha256(request.body).hexdigest()})
        return content(file)


def store(file: Path, body: bytes) -> None:
    """Write a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


def content(file: Path) -> Answer:
    """A file as an answer."""
    changed = formatdate(file.stat().st_mtime, usegmt=True)
    return Answer(file.read_bytes(), headers={"Last-Modified": changed})


def _error(status: int, code: str, message: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(body.encode(), status, {"Content-Type": "application/xml"})
