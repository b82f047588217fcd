"""GitHub's own description of its API, held against requests and answers."""

import itertools
import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from doubles.databricks.request import Answer, Request
from doubles.databricks.server import Call, Server
from doubles.npm import packages
from doubles.programs import program
from doubles.server_process import free_port, serving

_SPECIFICATION = "@octokit/openapi/generated/api.github.com.json"
_PRISM = "@stoplight/prism-cli/dist/index.js"
_CASE = "X-Case"
_JUDGED = ("Accept", "Content-Type")
# Those that the double has: the whole description would take prism 15 s to read.
_PATHS = (
    "/repos/{owner}/{repo}/commits",
    "/repos/{owner}/{repo}/compare/{basehead}",
    "/repos/{owner}/{repo}/actions/runs/{run_id}",
    "/repos/{owner}/{repo}/issues/{issue_number}/comments",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
    "/repos/{owner}/{repo}/pulls",
    "/repos/{owner}/{repo}/releases/{release_id}",
    "/repos/{owner}/{repo}/releases/tags/{tag}",
)


class Judge:
    """Prism as a proxy in front of a server that repeats the answer in question.

    A context manager; one can serve any number of doubles. `folder` is for what it needs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answers: dict[str, Answer] = {}
        self._numbers = map(str, itertools.count())
        self._specification = _cut(packages() / _SPECIFICATION)
        self._running = ExitStack()
        self._address = f"http://127.0.0.1:{free_port()}"

    def __enter__(self) -> Self:
        file = self._folder / "openapi.json"
        # Its own address, at which prism is asked whether it is up, is no path of GitHub's.
        health = {"get": {"responses": {"200": {"description": "up"}}}}
        paths = {**self._specification["paths"], "/": health}
        file.write_text(json.dumps({**self._specification, "paths": paths}))
        upstream = Server(0, self._repeat)
        upstream.start()
        self._running.callback(upstream.stop)
        argv = [program("node"), str(packages() / _PRISM), "proxy", str(file), upstream.address]
        argv += ["--errors", "--host", "127.0.0.1", "--port", self._address.rpartition(":")[2]]
        self._running.enter_context(serving(argv, self._folder, self._address))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.close()

    def documents(self, verb: str, path: str, status: int) -> bool:
        """Whether the description knows such an answer; it leaves many errors out."""
        operation = self._specification["paths"][path].get(verb.lower(), {})
        return str(status) in operation.get("responses", {})

    def complaint(self, request: Request, path: str, answer: Answer) -> str:
        """What is wrong with a request and its answer, empty when nothing is."""
        case = next(self._numbers)
        self._answers[case] = answer
        query = f"?{request.query_string}" if request.query_string else ""
        sent = {name: request.headers[name] for name in _JUDGED if name in request.headers}
        judged = requests.request(
            request.verb,
            f"{self._address}{path}{query}",
            headers={_CASE: case, **sent},
            data=request.body,
            timeout=60,
        )
        # So prism speaks for itself, and GitHub never does.
        if judged.headers.get("Content-Type") != "application/problem+json":
            return ""
        said = judged.json()
        return f"{request.verb} {path}: {answer.status}: {said.get('validation') or said}"

    def _repeat(self, request: Request, _: Call) -> Answer:
        return self._answers.pop(request.headers.get(_CASE, ""), Answer())


def _cut(file: Path) -> dict[str, Any]:
    """The description of the double's paths, with the components that they need."""
    whole = json.loads(file.read_text(encoding="utf-8"))
    cut: dict[str, Any] = {name: whole[name] for name in ("openapi", "info", "servers")}
    cut["paths"] = {path: whole["paths"][path] for path in _PATHS}
    cut["components"] = {}
    waiting: list[Any] = [cut["paths"]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                _, _, kind, name = reference.split("/")
                known = cut["components"].setdefault(kind, {})
                if name not in known:
                    known[name] = whole["components"][kind][name]
                    waiting.append(known[name])
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return cut
