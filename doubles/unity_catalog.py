"""A stand-in for open-source Unity Catalog's server, for where the real one can't be had.

It answers what MLflow's `uc:` store asks, as release 0.4.1 does:
https://github.com/unitycatalog/unitycatalog, `server/…/persist/ModelRepository.java` and
`api/all.yaml`. There are neither aliases nor tags of models, and files are where the server says.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import requests

_API = "/api/2.1/unity-catalog"
_STATUS = {"NOT_FOUND": 404, "INVALID_ARGUMENT": 400, "ALREADY_EXISTS": 409, "ABORTED": 409}

Fields = dict[str, Any]


def create_schema(address: str, schema: str) -> None:
    """Make `catalog.schema` in a server, this one or the real one."""
    catalog, _, name = schema.partition(".")
    for things, body in (
        ("catalogs", {"name": catalog}),
        ("schemas", {"name": name, "catalog_name": catalog}),
    ):
        requests.post(f"{address}{_API}/{things}", json=body, timeout=60).raise_for_status()


@contextmanager
def unity_catalog(folder: Path) -> Iterator["UnityCatalog"]:
    """Run the stand-in while the block does; files of models go to `folder`."""
    server = UnityCatalog(folder)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Refusal(Exception):
    """What isn't done, with the server's code for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnityCatalog(ThreadingHTTPServer):
    """`writes` are the requests that were to change something, each as `VERB path`.

    `violations` are requests that the server doesn't know: a test asserts that there are none.
    A version that is finalized becomes `finalized_as`, once it was looked at `looks` times.
    """

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.writes: list[str] = []
        self.violations: list[str] = []
        self.finalized_as, self.looks = "READY", 0
        self._finalized: dict[tuple[str, int], int] = {}
        self._folder = folder
        self._lock = threading.Lock()
        self._catalogs: set[str] = set()
        self._schemas: set[str] = set()
        self._models: dict[str, Fields] = {}
        self._versions: dict[str, dict[int, Fields]] = {}
        self._latest: dict[str, int] = {}
        model = "/models/(?P<full_name>[^/]+)"
        version = f"{model}/versions/(?P<version>[0-9]+)"
        self._routes: list[tuple[str, str, Callable[[Fields], Fields], set[str]]] = [
            ("POST", "/catalogs", self._create_catalog, {"name", "comment"}),
            ("POST", "/schemas", self._create_schema, {"name", "catalog_name", "comment"}),
            ("POST", "/models", self._create, {"name", "catalog_name", "schema_name", "comment"}),
            ("GET", model, self._get, {"full_name"}),
            ("PATCH", model, self._update, {"full_name", "new_name", "comment"}),
            ("DELETE", model, self._delete, {"full_name", "force"}),
            (
                "POST",
                "/models/versions",
                self._create_version,
                {"model_name", "catalog_name", "schema_name", "source", "run_id", "comment"},
            ),
            (
                "GET",
                f"{model}/versions",
                self._list_versions,
                {"full_name", "max_results", "page_token"},
            ),
            ("GET", version, self._look, {"full_name", "version"}),
            ("PATCH", version, self._update_version, {"full_name", "version", "comment"}),
            ("DELETE", version, self._delete_version, {"full_name", "version"}),
            ("PATCH", f"{version}/finalize", self._finalize, {"full_name", "version"}),
        ]

    @property
    def address(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, verb: str, path: str, asked: Fields) -> tuple[int, Fields]:
        """Act on a request; the status and the body of its answer."""
        with self._lock:
            if verb != "GET":
                self.writes.append(f"{verb} {path}")
            for method, pattern, act, known in self._routes:
                named = re.fullmatch(re.escape(_API) + pattern, path)
                if not named or method != verb:
                    continue
                if unknown := asked.keys() - known:
                    self.violations.append(f"{verb} {path}: unknown {sorted(unknown)}")
                try:
                    return 200, act({**asked, **named.groupdict()})
                except Refusal as refusal:
                    body = {"error_code": refusal.code, "message": str(refusal)}
                    return _STATUS[refusal.code], body
            self.violations.append(f"{verb} {path}: no such route")
            return 404, {}

    def _create_catalog(self, asked: Fields) -> Fields:
        self._catalogs.add(asked["name"])
        return {"name": asked["name"], "id": str(uuid4())}

    def _create_schema(self, asked: Fields) -> Fields:
        if asked["catalog_name"] not in self._catalogs:
            raise Refusal("NOT_FOUND", f"Catalog not found: {asked['catalog_name']}")
        name = f"{asked['catalog_name']}.{asked['name']}"
        self._schemas.add(name)
        return {"full_name": name, "schema_id": str(uuid4())}

    def _create(self, asked: Fields) -> Fields:
        schema = f"{asked['catalog_name']}.{asked['schema_name']}"
        if schema not in self._schemas:
            raise Refusal("NOT_FOUND", f"Schema not found: {asked['schema_name']}")
        name = f"{schema}.{asked['name']}"
        if name in self._models:
            raise Refusal("ALREADY_EXISTS", f"Registered model already exists: {name}")
        self._models[name] = {**asked, **_made(), "full_name": name}
        self._versions[name] = {}
        return self._models[name]

    def _get(self, asked: Fields) -> Fields:
        name = asked["full_name"]
        if name not in self._models:
            raise Refusal("NOT_FOUND", f"Registered model not found: {name}")
        return self._models[name]

    def _update(self, asked: Fields) -> Fields:
        model = self._get(asked)
        if "new_name" in asked:
            self.violations.append(f"{asked['full_name']}: renaming is not played here")
        model["comment"] = asked["comment"]
        return model

    def _delete(self, asked: Fields) -> Fields:
        name = self._get(asked)["full_name"]
        if self._versions[name] and asked.get("force") != "true":
            raise Refusal(
                "ABORTED", f"Unable to delete a registered model with existing versions: {name}"
            )
        del self._models[name], self._versions[name]
        self._latest.pop(name, None)
        return {}

    def _create_version(self, asked: Fields) -> Fields:
        name = f"{asked['catalog_name']}.{asked['schema_name']}.{asked['model_name']}"
        self._get({"full_name": name})
        self._latest[name] = number = self._latest.get(name, 0) + 1
        place = self._folder / str(uuid4())
        place.mkdir()
        version = {
            **asked,
            **_made(),
            "version": number,
            "status": "PENDING_REGISTRATION",
            "storage_location": place.as_uri(),
        }
        self._versions[name][number] = version
        return version

    def _list_versions(self, asked: Fields) -> Fields:
        name = self._get(asked)["full_name"]
        after = int(asked.get("page_token") or 0)
        # Of two, so that whoever forgets the other pages finds out.
        size = min(int(asked.get("max_results") or 2), 2)
        found = [each for number, each in self._versions[name].items() if number > after][:size]
        more = {"next_page_token": str(found[-1]["version"])} if len(found) == size else {}
        return {"model_versions": found, **more}

    def _version(self, asked: Fields) -> Fields:
        name, number = self._get(asked)["full_name"], int(asked["version"])
        if number not in self._versions[name]:
            raise Refusal("NOT_FOUND", f"Model version not found: {name}/{number}")
        return self._versions[name][number]

    def _update_version(self, asked: Fields) -> Fields:
        version = self._version(asked)
        if "comment" not in asked:
            raise Refusal("INVALID_ARGUMENT", "No updated fields defined.")
        version["comment"] = asked["comment"]
        return version

    def _delete_version(self, asked: Fields) -> Fields:
        del self._versions[asked["full_name"]][self._version(asked)["version"]]
        return {}

    def _finalize(self, asked: Fields) -> Fields:
        version = self._version(asked)
        if version["status"] != "PENDING_REGISTRATION":
            raise Refusal("INVALID_ARGUMENT", "Model version not in a pending registration state")
        self._go_on(version, self.looks)
        return version

    def _look(self, asked: Fields) -> Fields:
        version = self._version(asked)
        left = self._finalized.pop((asked["full_name"], version["version"]), None)
        if left is not None:
            self._go_on(version, left - 1)
        return version

    def _go_on(self, version: Fields, left: int) -> None:
        """Take a version that was finalized to its end, or a look nearer to it."""
        if left > 0:
            name = f"{version['catalog_name']}.{version['schema_name']}.{version['model_name']}"
            self._finalized[name, version["version"]] = left
        else:
            version["status"] = self.finalized_as


class _Handler(BaseHTTPRequestHandler):
    server: UnityCatalog

    def _act(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = {**dict(parse_qsl(url.query)), **(json.loads(body) if body else {})}
        status, fields = self.server.answer(self.command, url.path, asked)
        content = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _act  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _made() -> Fields:
    now = int(time.time() * 1000)
    return {"id": str(uuid4()), "created_at": now, "updated_at": now}
