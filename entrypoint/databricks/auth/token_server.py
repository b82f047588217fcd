"""A server on loopback that serves the token to programs that know its secret address.

Its protocol is the one that the Databricks SDK calls `metadata-service`: programs that run for
hours request another token when theirs ends.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from entrypoint.databricks.auth.token_process import WorkspaceToken
from entrypoint.runtime.errors import Failure

# `MetadataServiceTokenSource` in databricks/sdk/credentials_provider.py.
_VERSION = "1"
_POLL_SECONDS = 0.05
# The protocol requires an end, also of a token that has none.
_UNLIMITED_SECONDS = 3600


@contextmanager
def serving(current: Callable[[], WorkspaceToken]) -> Iterator[str]:
    """Serve the token that `current` returns, until the `with` block ends; the address."""
    server = _Server(current)
    thread = Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        # Requests under way are not waited for.
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, current: Callable[[], WorkspaceToken]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.current = current
        self.authority = f"127.0.0.1:{self.server_address[1]}"
        self._secret = secrets.token_urlsafe(32)

    @property
    def address(self) -> str:
        return f"http://{self.authority}/{self._secret}/token"

    def knows(self, path: str) -> bool:
        return secrets.compare_digest(path.encode(), f"/{self._secret}/token".encode())

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing about programs that end before they have the answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        # A web page can send a request too: under another name of this machine, without the header.
        if (
            not self.server.knows(self.path)
            or self.headers.get("Host") != self.server.authority
            or self.headers.get("X-Databricks-Metadata-Version") != _VERSION
        ):
            self._answer(HTTPStatus.NOT_FOUND, {})
            return
        try:
            token = self.server.current()
        except Failure as failure:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(failure)})
            return
        # Not for another workspace that the program knows.
        if self.headers.get("X-Databricks-Host", "").rstrip("/") != token.host:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"the token is for {token.host}"})
            return
        expires = token.expires or time.time() + _UNLIMITED_SECONDS
        self._answer(
            HTTPStatus.OK,
            {"access_token": token.value, "token_type": "Bearer", "expires_on": expires},
        )

    def _answer(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
