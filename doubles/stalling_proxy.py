"""A proxy in front of a real server that stops answering where a test says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

_HOP_BY_HOP = {"connection", "content-encoding", "content-length", "transfer-encoding"}


class StallingProxy(ThreadingHTTPServer):
    """Answers as `target` does, until a request's method and path hold `stall_at`."""

    daemon_threads = True

    def __init__(self, target: str, stall_at: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.stall_at = stall_at
        self.stalled = threading.Event()
        self.ended = threading.Event()

    @property
    def address(self) -> str:
        """Where the proxy listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: StallingProxy

    def _pass_on(self) -> None:
        if (
            self.server.stall_at in f"{self.command} {self.path}"
            and not self.server.stalled.is_set()
        ):
            self.server.stalled.set()
            self.server.ended.wait()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = requests.request(
            self.command,
            self.server.target + self.path,
            data=body,
            headers=dict(self.headers.items()),
            timeout=60,
        )
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def stalling_proxy(target: str, stall_at: str) -> Iterator[StallingProxy]:
    """A proxy that runs while the block does."""
    proxy = StallingProxy(target, stall_at)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.ended.set()
        proxy.shutdown()
        thread.join()
        proxy.server_close()
