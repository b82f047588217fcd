"""Real servers as processes of their own, on loopback."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def serving(
    argv: Sequence[str], folder: Path, health: str, env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server in a folder of its own while the block does; `health` answers once it is up."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=folder, env={**os.environ, **(env or {})}, stdout=output, stderr=output
        )
    try:
        while not _answers(health):
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False
