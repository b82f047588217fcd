"""Notes which requests the agent makes to Databricks while it is verified.

It wraps the functions through which all requests of an HTTP library go: at once where the library
is imported already, else as soon as the agent imports it. Of a request it keeps the method, the
host, the path and the model's name. The agent's requests and their responses stay as they are; one
that can't be read is not noted.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from .import_hooks import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    # Method, address, and how to get at the body.
    Request = tuple[str, str, Callable[[], Any]]

# Most of them are in the SDK's `databricks/sdk/environments.py`.
_DOMAINS = (
    ".azuredatabricks.net",
    ".databricks.azure.cn",
    ".databricks.azure.us",
    ".databricks.cn",
    ".databricks.com",
    ".databricks.us",
    ".databricksapps.com",
)
_PORTS = {"http": 80, "https": 443}
# Paths of model serving and the AI gateway at which the request's body names the model.
_TAKES_MODEL = re.compile(
    r"(/serving-endpoints|ai-gateway).*/(completions|embeddings|messages|responses)$"
)
# So that the notes fit into a verdict, whatever the agent does.
_MAX_REQUESTS = 300
_MAX_TEXT_CHARACTERS = 500
_MAX_BODY_BYTES = 1_000_000


def _of_urllib3(
    pool: Any, method: str, url: str, body: Any = None, *_: object, **__: object
) -> Request:
    # Only a proxy is given the whole address.
    if url.startswith("/"):
        host = f"[{pool.host}]" if ":" in pool.host else pool.host
        url = f"{pool.scheme}://{host}" + (f":{pool.port}" if pool.port else "") + url
    return method, url, lambda: body


def _of_httpx(_: object, request: Any) -> Request:
    # The content of a stream raises, and is not read.
    return request.method, str(request.url), lambda: request.content


def _of_aiohttp(
    session: Any, method: str, url: Any, *, data: Any = None, json: Any = None, **_: object
) -> Request:
    base = getattr(session, "_base_url", None)
    return method, urljoin(str(base or ""), str(url)), lambda: data if json is None else json


def _of_urllib(_: object, request: Any, data: Any = None, *__: object, **___: object) -> Request:
    if isinstance(request, str):
        return "GET" if data is None else "POST", request, lambda: data
    return request.get_method(), request.full_url, lambda: request.data


_HTTPX = (
    ("HTTPTransport", "handle_request", _of_httpx),
    ("AsyncHTTPTransport", "handle_async_request", _of_httpx),
)
# By module: a class, its function, and how to read what that is called with.
_LIBRARIES: dict[str, tuple[tuple[str, str, Callable[..., Request]], ...]] = {
    "urllib3.connectionpool": (("HTTPConnectionPool", "urlopen", _of_urllib3),),  # for requests too
    "urllib.request": (("OpenerDirector", "open", _of_urllib),),
    "httpx": _HTTPX,
    "httpx2": _HTTPX,
    "aiohttp": (("ClientSession", "_request", _of_aiohttp),),
}


def begin() -> list[dict[str, str | None]]:
    """Note requests from now on, as dicts of method, host, path and model, in the list returned."""
    observer = _Observer()
    for name in _LIBRARIES:
        when_imported(name, partial(observer.wrap, name))
    return observer.requests


class _Observer:
    """Keeps a request once, however often it is made, tried again or redirected to itself."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str | None]] = []
        self._seen: set[tuple[str | None, ...]] = set()

    def wrap(self, name: str, module: ModuleType) -> None:
        """Have every request of a library noted."""
        for owner, function, read in _LIBRARIES[name]:
            with contextlib.suppress(Exception):  # of a version that is made in another way
                kind = getattr(module, owner)
                setattr(kind, function, self._noting(getattr(kind, function), read))

    def _noting(self, call: Callable[..., Any], read: Callable[..., Request]) -> Callable[..., Any]:
        # Of an `async` function, `call` returns the coroutine, which the agent awaits.
        @functools.wraps(call)
        def noting(*args: Any, **kwargs: Any) -> Any:
            with contextlib.suppress(Exception):
                self._note(*read(*args, **kwargs))
            return call(*args, **kwargs)

        return noting

    def _note(self, method: str, url: str, body: Callable[[], Any]) -> None:
        address = urlsplit(url)
        host = address.hostname or ""
        if not _is_databricks(host, address.port or _PORTS.get(address.scheme)):
            return
        model = _model(body) if _TAKES_MODEL.search(host + address.path) else None
        request = (method.upper(), host, address.path, model)
        # Not cut, for the shorter text could name something else.
        if any(len(text) > _MAX_TEXT_CHARACTERS for text in request if text):
            return
        # Without a lock: two threads may note a request twice, which does no harm.
        if request not in self._seen and len(self._seen) < _MAX_REQUESTS:
            self._seen.add(request)
            self.requests.append(
                {"method": request[0], "host": host, "path": address.path, "model": model}
            )


def _is_databricks(host: str, port: int | None) -> bool:
    # Looked up each time, for agents set the variable themselves.
    workspace = os.environ.get("DATABRICKS_HOST", "")
    return host.endswith(_DOMAINS) or (host, port) == _host_and_port(workspace)


@functools.lru_cache
def _host_and_port(host: str) -> tuple[str | None, int | None]:
    """What DATABRICKS_HOST names, with or without `https://`."""
    address = urlsplit(host if "://" in host else f"https://{host}")
    return address.hostname, address.port or _PORTS.get(address.scheme)


def _model(body: Callable[[], Any]) -> str | None:
    with contextlib.suppress(Exception):
        content = body()
        if isinstance(content, (bytes, bytearray, str)) and len(content) <= _MAX_BODY_BYTES:
            content = json.loads(content)
        model = content.get("model") if isinstance(content, dict) else None
        return model if isinstance(model, str) else None
    return None
