"""A stand-in of Azure: hosts of its names, reached by a proxy that ends their TLS here.

Microsoft Entra gives tokens to one service principal; workspaces of Azure Databricks are another
double.
"""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

_ENTRA = "login.microsoftonline.com"
_WORKSPACES = "*.7.azuredatabricks.net"
_NEW_KEY = ("-newkey", "rsa:2048", "-nodes", "-days", "2")
# What Entra calls Azure Databricks, and Azure's own management.
_RESOURCES = {"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", "https://management.core.windows.net/"}


class Azure(ThreadingHTTPServer):
    """The proxy. `issue` makes a token for whom the secret belongs to; `asked` counts them."""

    daemon_threads = True

    def __init__(self, folder: Path, workspace: str, issue: Callable[[str], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Proxy)
        self.workspace = urlsplit(workspace)
        self.issue = issue
        self.secrets: dict[str, str] = {}
        self.tenant = "99999999-2222-4333-8444-555555555555"
        self.asked = 0
        self._certificate = folder / "azure.pem"
        key = folder / "azure.key"
        names = f"subjectAltName=DNS:{_ENTRA},DNS:{_WORKSPACES}"
        files = ("-keyout", str(key), "-out", str(self._certificate))
        subprocess.run(
            ("openssl", "req", "-x509", *_NEW_KEY, *files, "-subj", "/CN=azure", "-addext", names),
            check=True,
            capture_output=True,
        )
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self._certificate, key)

    @property
    def env(self) -> dict[str, str]:
        """The variables with which a program finds this Azure, and trusts it."""
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.server_address[1]}",
            "REQUESTS_CA_BUNDLE": str(self._certificate),
        }


class _Proxy(BaseHTTPRequestHandler):
    server: Azure

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.close_connection = True
        with self.server.tls.wrap_socket(self.connection, server_side=True) as connection:
            if host == _ENTRA:
                _Entra(connection, self.client_address, self.server)
            else:
                self._pass_on(connection)

    def _pass_on(self, connection: ssl.SSLSocket) -> None:
        target = (self.server.workspace.hostname or "", self.server.workspace.port or 80)
        with socket.create_connection(target) as other:
            back = threading.Thread(target=_pump, args=(other, connection), daemon=True)
            back.start()
            _pump(connection, other)
            back.join()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Entra(BaseHTTPRequestHandler):
    server: Azure

    def do_POST(self) -> None:
        fields = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        client = fields.get("client_id", "")
        secret = self.server.secrets.get(client)
        if self.path != f"/{self.server.tenant}/oauth2/token":
            self._answer(400, {"error": "invalid_request", "error_description": "AADSTS90002: no"})
        elif fields.get("resource") not in _RESOURCES:
            self._answer(400, {"error": "invalid_target", "error_description": "AADSTS500011: no"})
        elif not secret or fields.get("client_secret") != secret:
            words = "AADSTS7000215: Invalid client secret provided."
            self._answer(401, {"error": "invalid_client", "error_description": words})
        else:
            self.server.asked += 1
            token = self.server.issue(client)
            self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": "3599"})

    def _answer(self, status: int, content: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def azure(folder: Path, workspace: str, issue: Callable[[str], str]) -> Iterator[Azure]:
    """An Azure that is there while the block runs."""
    server = Azure(folder, workspace, issue)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
