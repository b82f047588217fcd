"""The double's HTTP server: it records, goes wrong on demand, and passes requests on."""

import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from doubles.databricks.fault import Fault, Faults
from doubles.databricks.request import Answer, Request

# A closed connection that lingers for no time is a reset, not an orderly end.
_RESET = struct.pack("ii", 1, 0)


def _kind(answer: Answer) -> str:
    return "application/octet-stream" if isinstance(answer.content, bytes) else "application/json"


@dataclass
class Call:
    """One request as it was recorded on its arrival.

    `principal` is empty where no token was needed or none was good; `writes` says whether
    something was to be changed: experiments, models, files. `status` is 0 where nothing was
    answered, or not yet.
    """

    number: int
    verb: str
    path: str
    query: dict[str, str]
    body: bytes
    principal: str = ""
    writes: bool = False
    status: int = 0


class Server(ThreadingHTTPServer):
    """Listens on loopback; `answer` is the double itself.

    `revoke` makes it forget the token of a request's headers.
    """

    daemon_threads = False
    # The default of 5 makes parallel clients wait for their connections.
    request_queue_size = 64

    def __init__(
        self,
        port: int,
        answer: Callable[[Request, Call], Answer],
        revoke: Callable[[Message], None] = lambda _: None,
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer = answer
        self.revoke = revoke
        self.faults = Faults()
        self.latency = 0.0
        self.calls: list[Call] = []
        self.most_at_once = 0
        self._at_once = 0
        self._connections: set[socket.socket] = set()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End what is delayed, drop what is open, and wait for the threads."""
        self._ended.set()
        self.shutdown()
        self._thread.join()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            # An idle client keeps its connection, and with it a thread that waits for more.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    @contextmanager
    def connected(self, connection: socket.socket) -> Iterator[None]:
        """Know a connection while it is open."""
        with self._lock:
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)

    @contextmanager
    def in_flight(self, call: Call) -> Iterator[None]:
        """Record a call and count it while it is answered."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            call.number = len(self.calls) + 1
            self.calls.append(call)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def wait(self, seconds: float) -> None:
        """Let time pass, unless the server stops before."""
        if seconds:
            self._ended.wait(seconds)

    def handle_error(self, request: object, client_address: object) -> None:
        """Be quiet about clients that went away, or were sent away when the server stopped."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Headers and body are two packets; the second must not wait for the first one's receipt.
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the client is gone: half a request is none
            self.close_connection = True
            return
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        path = unquote(url.path)
        call = Call(0, self.command, path, query, body)
        with self.server.in_flight(call):
            self._respond(Request(self.command, path, url.query, query, self.headers, body), call)

    def _respond(self, request: Request, call: Call) -> None:
        fault = self.server.faults.take(call.number, call.verb, call.path) or Fault()
        self.server.wait(self.server.latency + fault.delay)
        if fault.reset == "before":
            self._reset()
            return
        if fault.revoked:
            self.server.revoke(self.headers)
        if fault.status:
            answer = Answer(dict(fault.body), fault.status, fault.headers)
        else:
            answer = self.server.answer(request, call)
        if fault.reset == "after":
            self._reset()
            return
        call.status = answer.status
        self._send(answer, fault)

    def _send(self, answer: Answer, fault: Fault) -> None:
        whole = b"" if answer.status == 204 else answer.body
        body = fault.garble(whole)
        is_page = fault.garbled == "html"
        kind = "text/html" if is_page else _kind(answer)
        self.send_response(answer.status)
        for name, value in {"Content-Type": kind, **answer.headers}.items():
            self.send_header(name, value)
        if fault.garbled == "encoding":
            self.send_header("Content-Encoding", "gzip")
        is_cut = fault.garbled == "truncated"
        self.send_header("Content-Length", str(len(whole if is_cut else body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if is_cut:
            self.close_connection = True

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        # Both: the connection closes once the last of those that share its socket does.
        self.rfile.close()
        self.connection.close()

    def handle(self) -> None:
        with self.server.connected(self.connection):
            super().handle()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
