"""Stand-ins for what comes from a package index: tiny wheels, and an index with a password."""

import base64
import io
import tarfile
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def make_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: tuple[str, ...] = (),
    files: Mapping[str, str] | None = None,
    tag: str = "py3-none-any",
) -> Path:
    """Write a wheel with one module, or with the files given."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    content = {
        **(files if files is not None else {f"{module}.py": f"version = {version!r}\n"}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return wheel


def make_source(folder: Path, source: Path, name: str) -> Path:
    """Write a source distribution with the files of a folder."""
    archive = folder / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(source, arcname=name)
        project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
        info = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        member = tarfile.TarInfo(f"{name}/PKG-INFO")
        member.size = len(info)
        file.addfile(member, io.BytesIO(info.encode()))
    return archive


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, wanted: str, **options: object) -> None:
        self.wanted = wanted
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != self.wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


class _Listener(BaseHTTPRequestHandler):
    def __init__(self, *arguments: object, asked: list[str], **options: object) -> None:
        self.asked = asked
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Authorization", ""))
        self.send_error(401)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def listening(asked: list[str]) -> Iterator[str]:
    """Somebody's index, which keeps what it is sent to sign in with; its address, `host:port`."""
    with _served(partial(_Listener, asked=asked)) as address:
        yield address


@contextmanager
def private_index(folder: Path, user: str, password: str) -> Iterator[str]:
    """Serve `<folder>/<package>/*.whl` as a simple index; its address, `host:port/`."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    with _served(partial(_Handler, directory=str(folder), wanted=wanted)) as address:
        yield address


@contextmanager
def _served(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
