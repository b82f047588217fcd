"""The observer in programs of their own, as it is in the agent's process, with the real libraries.

Those that the project itself doesn't have (httpx, OpenAI's client) are in
`tests/integration/test_observed.py`.
"""

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from entrypoint.agent.worker import request_observer
from entrypoint.resources.observed import Requests

OBSERVER = Path(request_observer.__file__)
CHAT = "/serving-endpoints/chat/completions"
LOAD = f"""
import json, os, sys, types
sys.modules["worker"] = types.ModuleType("worker")
sys.modules["worker"].__path__ = [{str(OBSERVER.parent)!r}]
from worker import request_observer as observer
url = sys.argv[1]
"""
BEGIN = "\nrequests_noted = observer.begin()\n"
# What the program itself gets, and what was noted of it.
END = "\nprint(json.dumps([globals().get('answer'), requests_noted]))"


class Loopback(ThreadingHTTPServer):
    """Answers every request with what was in it, and serves as a proxy too."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Loopback

    def _answer(self) -> None:
        self.server.requests += 1
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = f"{self.command} {self.path}: {len(body)} {body[:80].decode()}".encode()
        moved = self.path == "/moved"
        self.send_response(307 if moved else 503 if self.server.requests < 3 else 200)
        if moved:
            self.send_header("Location", "/serving-endpoints/moved/invocations")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        pass


@contextmanager
def loopback(*, ready: bool = True) -> Iterator[Loopback]:
    """A server that runs; one that isn't ready answers 503 twice."""
    with Loopback() as server:
        server.requests = 2 if ready else 0
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as server:
        yield server


def run(server: Loopback, program: str, host: str | None = None) -> tuple[Any, list[Any]]:
    """The program's `answer`, and the requests that were noted."""
    environ = {"PATH": os.environ["PATH"], "DATABRICKS_HOST": host or server.url}
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOAD + program + END, server.url],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer, noted = json.loads(done.stdout.splitlines()[-1])
    return answer, noted


def noted(
    path: str = CHAT, model: str | None = "llama", method: str = "POST", host: str = "127.0.0.1"
) -> Mapping[str, str | None]:
    return {"method": method, "host": host, "path": path, "model": model}


SEND = """
body = {"model": "llama", "messages": ["private"]}
address = url + "/serving-endpoints/chat/completions?private=1"
headers = {"X-Header": "private"}
"""
LIBRARIES = {
    "requests": """import requests
answer = requests.post(address, json=body, headers=headers).text""",
    "requests with text": """import requests
answer = requests.post(address, data=json.dumps(body)).text""",
    "urllib3": """import urllib3
http = urllib3.PoolManager()
answer = http.request("POST", address, body=json.dumps(body)).data.decode()""",
    "urllib3 with a pool": """import urllib3
host, _, port = url.removeprefix("http://").partition(":")
sent = {"url": address.removeprefix(url), "body": json.dumps(body).encode()}
pool = urllib3.HTTPConnectionPool(host, int(port))
answer = pool.urlopen(method="POST", **sent).data.decode()""",
    "urllib.request": """import urllib.request
request = urllib.request.Request(address, data=json.dumps(body).encode())
answer = urllib.request.urlopen(request).read().decode()""",
    "urllib.request with text": """import urllib.request
answer = urllib.request.urlopen(address, json.dumps(body).encode()).read().decode()""",
    "aiohttp": """import aiohttp, asyncio
async def ask():
    async with aiohttp.ClientSession() as session:
        async with session.post(address, json=body, headers=headers) as response:
            return await response.text()
answer = asyncio.run(ask())""",
    "aiohttp with text": """import aiohttp, asyncio
async def ask():
    async with aiohttp.ClientSession(url) as session:
        async with session.post(address.removeprefix(url), data=json.dumps(body)) as response:
            return await response.text()
answer = asyncio.run(ask())""",
}


@pytest.mark.parametrize("first", ["imported first", "imported later"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_request_is_noted_and_answered(server: Loopback, library: str, first: str) -> None:
    load, _, ask = LIBRARIES[library].partition("\n")
    parts = [load, BEGIN] if first == "imported first" else [BEGIN, load]

    answer, requests = run(server, "\n".join([*parts, SEND, ask]))

    assert requests == [noted()]
    # Libraries write JSON with and without spaces.
    assert answer.replace(" ", "").startswith(f"POST{CHAT}?private=1:")
    assert answer.replace(" ", "").endswith('{"model":"llama","messages":["private"]}')


def test_a_library_that_the_agent_does_not_use_is_not_imported(server: Loopback) -> None:
    program = BEGIN + "answer = [name for name in sys.modules if name in observer._LIBRARIES]"

    answer, _ = run(server, program)

    assert answer == []


ASK = BEGIN + "\nimport requests\nask = lambda *a, **k: requests.request(*a, **k).text\n"


@pytest.mark.parametrize(
    ("body", "model", "sent"),
    [
        ("json.dumps({'model': 'llama', 'pad': 'x' * 999_000})", "llama", 999_029),
        ("json.dumps({'model': 'llama', 'pad': 'x' * 1_000_000})", None, 1_000_029),
        ("'no JSON'", None, 7),
        ("'[\"llama\"]'", None, 9),
        ("'{\"model\": 1}'", None, 12),
        ("'[' * 100_000", None, 100_000),
        ("b'\\xff\\xfe'.decode('latin1')", None, 4),
        ("(part for part in [b'{\"model\": ', b'\"llama\"}'])", None, 18),
        ("__import__('io').BytesIO(b'{\"model\": \"llama\"}')", None, 18),
    ],
    ids=["large", "too large", "text", "list", "number", "deep", "bytes", "generator", "file"],
)
def test_bodies_are_looked_at_and_sent_as_they_are(
    server: Loopback, body: str, model: str | None, sent: int
) -> None:
    answer, requests = run(server, f"{ASK}answer = ask('POST', url + {CHAT!r}, data={body})")

    assert requests == [noted(model=model)]
    assert answer.startswith(f"POST {CHAT}: {sent} ")


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/serving-endpoints/completions", "llama"),
        ("/serving-endpoints/embeddings", "llama"),
        ("/serving-endpoints/responses", "llama"),
        ("/serving-endpoints/anthropic/v1/messages", "llama"),
        ("/ai-gateway/mlflow/v1/chat/completions", "llama"),
        ("/serving-endpoints/other/invocations", None),
        ("/serving-endpoints/responses/1/cancel", None),
        ("/api/2.0/external-function", None),
        ("/api/2.0/genie/spaces/1/conversations/2/messages", None),
    ],
)
def test_only_bodies_that_say_whom_to_ask_are_looked_at(
    server: Loopback, path: str, model: str | None
) -> None:
    _, requests = run(server, f"{ASK}ask('POST', url + {path!r}, json={{'model': 'llama'}})")

    assert requests == [noted(path, model)]


@pytest.mark.parametrize(
    ("host", "is_noted"),
    [
        ("dbc-1.cloud.databricks.com", True),
        ("DBC-1.Cloud.Databricks.com", True),
        ("adb-1.2.azuredatabricks.net", True),
        ("adb-1.2.databricks.azure.cn", True),
        ("my-app-123.aws.databricksapps.com", True),
        ("configured.example.org", True),
        ("configured.example.org:8080", False),
        ("example.org", False),
        ("databricks.com.example.org", False),
        ("notdatabricks.com", False),
    ],
)
def test_databricks_by_its_host(server: Loopback, host: str, *, is_noted: bool) -> None:
    program = f"{ASK}answer = ask('GET', 'http://{host}/path', proxies={{'http': url}})"

    answer, requests = run(server, program, "http://configured.example.org/")

    assert answer.casefold() == f"GET http://{host}/path: 0 ".casefold()
    assert requests == [noted("/path", None, "GET", host.casefold())] * is_noted


@pytest.mark.parametrize("given", ["{host}", "{host}/", "http://{host}/?o=1", "http://{HOST}"])
def test_the_ways_to_give_databricks_host(server: Loopback, given: str) -> None:
    name = "workspace.example.org:443" if given.startswith("{") else "workspace.example.org"
    given = given.format(host="workspace.example.org", HOST="WORKSPACE.example.org")

    _, requests = run(
        server, f"{ASK}ask('GET', 'http://{name}/path', proxies={{'http': url}})", given
    )

    assert requests == [noted("/path", None, "GET", "workspace.example.org")]


def test_an_agent_that_sets_databricks_host_itself(server: Loopback) -> None:
    program = f"{ASK}ask('GET', url + '/a')\nos.environ['DATABRICKS_HOST'] = url\nask('GET', url)"

    _, requests = run(server, program, "https://elsewhere.example.org")

    assert requests == [noted("/", None, "GET")]


def test_retries_and_redirects_are_noted_once() -> None:
    program = f"""{BEGIN}
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry
session = requests.Session()
retry = Retry(5, backoff_factor=0, status_forcelist=[503], allowed_methods=None)
session.mount("http://", HTTPAdapter(max_retries=retry))
answer = session.post(url + {CHAT!r}, json={{"model": "llama"}}).text
session.post(url + "/moved", json=[])
session.post(url + "/moved", json=[])
"""
    with loopback(ready=False) as server:
        answer, requests = run(server, program)

        assert server.requests == 3 + 2 * 2
    assert answer.startswith(f"POST {CHAT}: ")
    moved = [noted("/moved", None), noted("/serving-endpoints/moved/invocations", None)]
    assert requests == [noted(), *moved]


@pytest.mark.parametrize(
    ("ask", "error", "is_noted"),
    [
        ("requests.get('http://127.0.0.1:1/path')", "ConnectionError", True),
        ("requests.get('http://')", "InvalidURL", False),
        ("urllib3.HTTPConnectionPool('127.0.0.1').urlopen()", "TypeError", False),
        ("urllib3.HTTPConnectionPool('127.0.0.1').urlopen('GET', 1)", "AttributeError", False),
        ("asyncio.run(ask(1))", "TypeError", False),
        ("asyncio.run(ask('http://127.0.0.1:1/path'))", "ClientConnectorError", True),
        ("asyncio.run(ask('path'))", "InvalidUrlClientError", False),
    ],
)
def test_the_agent_gets_the_errors_that_it_would_get(
    server: Loopback, ask: str, error: str, *, is_noted: bool
) -> None:
    program = f"""
import asyncio, aiohttp, requests, urllib3
async def ask(address):
    async with aiohttp.ClientSession() as session:
        await session.get(address)
try:
    {ask}
except Exception as error:
    answer = [type(error).__name__, str(error).partition("object at")[0]]
"""
    # Without an observer, which the end of the program asks for nevertheless.
    alone, _ = run(server, "requests_noted = []" + program, "http://127.0.0.1:1")

    answer, requests = run(server, BEGIN + program, "http://127.0.0.1:1")

    assert answer == alone
    assert answer[0] == error
    assert requests == [noted("/path", None, "GET")] * is_noted


def test_a_library_that_is_made_in_another_way(server: Loopback, tmp_path: Path) -> None:
    (tmp_path / "httpx.py").write_text(
        "class HTTPTransport:\n"
        "    def handle_request(self, method, url, headers=None):\n"
        "        return f'{method} {url}'\n"
    )
    (tmp_path / "aiohttp.py").write_text("raise ImportError('broken')")
    program = f"""{BEGIN}
sys.path.insert(0, {str(tmp_path)!r})
import httpx
answer = [httpx.HTTPTransport().handle_request('GET', 'url')]
for name in ("aiohttp", "httpx2"):
    try:
        __import__(name)
    except ImportError as error:
        answer.append(str(error))
"""
    answer, requests = run(server, program)

    assert answer == ["GET url", "broken", "No module named 'httpx2'"]
    assert requests == []


def test_threads_note_what_they_ask(server: Loopback) -> None:
    program = f"""{ASK}
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda number: ask("GET", f"{{url}}/{{number}}"), range(50)))
"""
    _, requests = run(server, program)

    assert sorted(int(request["path"][1:]) for request in requests) == list(range(50))


def test_notes_are_bounded_and_the_control_process_takes_them(server: Loopback) -> None:
    program = f"""{BEGIN}
import urllib3
http = urllib3.PoolManager()
for number in range(400):
    http.request("GET", f"{{url}}/{{number}}")
"""
    _, requests = run(server, program)
    _, long = run(
        server,
        f"{ASK}ask('GET', url + '/' + 'x' * 499)\nask('GET', url + '/' + 'x' * 500)\n"
        f"ask('POST', url + {CHAT!r}, json={{'model': 'm' * 501}})",
    )

    assert [request["path"] for request in requests] == [f"/{number}" for number in range(300)]
    assert long == [noted("/" + "x" * 499, None, "GET")]
    for verdict in (requests, long):
        assert len(TypeAdapter(Requests).validate_python(verdict)) == len(verdict)


def test_it_runs_on_every_python_that_agents_have() -> None:
    tree = ast.parse(OBSERVER.read_text(encoding="utf-8"), feature_version=(3, 9))

    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom) and not node.level  # of the worker itself
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
