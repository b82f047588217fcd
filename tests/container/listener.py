"""A web server of an attacker's, or of a victim's: it keeps what it is asked, and serves wheels."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# Containers reach it on the host's network, at any address of loopback.
HOST_NETWORK = "--network=host"


@dataclass
class Listener:
    """What was asked: paths, and the credentials that came along in clear text."""

    port: int = 0
    requests: list[str] = field(default_factory=list)

    def at(self, address: str) -> str:
        """Its URL at an address of loopback: `127.0.0.2` is another host than `127.0.0.1`."""
        return f"http://{address}:{self.port}"


class _Handler(SimpleHTTPRequestHandler):
    def __init__(
        self,
        *arguments: object,
        listener: Listener,
        wants_password: bool,
        on_request: Callable[[], None],
        **options: object,
    ) -> None:
        self.listener = listener
        self.wants_password = wants_password
        self.on_request = on_request
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        login = base64.b64decode(given).decode() if scheme == "Basic" else given
        self.listener.requests.append(f"{self.path} {login}".strip())
        self.on_request()
        if self.wants_password and not login:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def listening(
    folder: Path,
    *,
    wants_password: bool = False,
    on_request: Callable[[], None] = lambda: None,
) -> Iterator[Listener]:
    """Serve a folder; `wants_password` answers 401 to whoever brings none."""
    listener = Listener()
    handler = partial(
        _Handler,
        directory=str(folder),
        listener=listener,
        wants_password=wants_password,
        on_request=on_request,
    )
    with ThreadingHTTPServer(("", 0), handler) as server:
        listener.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
