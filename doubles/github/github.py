"""The double itself."""

import re
import traceback
from collections.abc import Callable
from dataclasses import replace
from threading import RLock
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from doubles.databricks.fault import Faults
from doubles.databricks.request import Answer, Request, Violation
from doubles.databricks.routes import Route, Routes, check
from doubles.databricks.server import Call, Server
from doubles.github import payloads
from doubles.github.comments import Comment, Comments
from doubles.github.commits import Commits
from doubles.github.judge import Judge
from doubles.github.pulls import Pull, Pulls
from doubles.github.rate_limit import RateLimit
from doubles.github.refusal import Refusal, not_found
from doubles.github.releases import Release, Releases
from doubles.github.site import REPOSITORY_ID, Site
from doubles.github.tokens import Token, Tokens
from doubles.github.workflow_runs import WorkflowRun, WorkflowRuns

REPOSITORY = "acme/agents"
_VIEWER = re.compile(r"\s*query\s*\{\s*viewer\s*\{\s*login\s*\}\s*\}\s*")


class GitHub:
    """A strict stand-in of GitHub with one repository: a context manager.

    `tokens` says who may ask, `rate_limit` how often, `faults` what goes wrong. With a `judge`,
    every request and answer is held against GitHub's description. `violations` is what GitHub would
    never be asked or answer, one text each: leaving the block with one is an `AssertionError`.
    """

    def __init__(
        self,
        judge: Judge | None = None,
        *,
        repository: str = REPOSITORY,
        prefix: str = "",
        port: int = 0,
    ) -> None:
        """Serve at a path: GitHub Enterprise's API is at `/api/v3`."""
        self.repository = repository
        self.tokens = Tokens()
        self.rate_limit = RateLimit()
        self.violations: list[str] = []
        self._judge = judge
        self._prefix = prefix
        self._lock = RLock()
        self._meanwhile: list[tuple[str, str, Callable[[], object]]] = []
        self._server = Server(port, self._answer)
        self._pulls = Pulls(repository, lambda: self.site)
        self._comments = Comments(self._pulls, lambda: self.site, self._token)
        self._releases = Releases(self.tokens.person, lambda: self.site)
        self._commits = Commits(lambda: self.site)
        self._workflow_runs = WorkflowRuns(lambda: self.site)
        parts = (
            *(self._pulls, self._comments, self._releases),
            *(self._commits, self._workflow_runs),
        )
        self._routes = Routes(route for part in parts for route in part.routes())

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()
        if error is None:
            assert not self.violations, "\n".join(self.violations)

    @property
    def site(self) -> Site:
        return Site(f"{self._server.address}{self._prefix}", self._server.address, self.repository)

    @property
    def env(self) -> dict[str, str]:
        """The variables of a step whose job's token writes comments and releases."""
        return self.env_with(self.tokens.job)

    def env_with(self, token: Token) -> dict[str, str]:
        """The variables of a step with this token."""
        return {
            "GITHUB_API_URL": self.site.api,
            "GITHUB_SERVER_URL": self.site.pages,
            "GITHUB_REPOSITORY": self.repository,
            "INPUT_GITHUB-TOKEN": token.value,
        }

    @property
    def calls(self) -> list[Call]:
        """Every request so far, in the order of arrival."""
        return list(self._server.calls)

    @property
    def writes(self) -> list[Call]:
        """Those that were to change something, whether they did or not."""
        return [call for call in self.calls if call.writes]

    @property
    def faults(self) -> Faults:
        return self._server.faults

    def pull(
        self,
        number: int,
        head_sha: str = "f" * 40,
        head_ref: str = "feature/tone",
        head_repo: str = "",
        **more: Any,
    ) -> Pull:
        """Open a pull request; from this repository, unless another one is named."""
        return self._pulls.add(
            Pull(number, head_sha, head_ref, head_repo or self.repository, **more)
        )

    def release(self, tag: str, body: str | None = None) -> Release:
        """Publish a release."""
        return self._releases.add(tag, body)

    def commit(self, sha: str, *parents: str, date: str = "", files: tuple[str, ...] = ()) -> str:
        """Push a commit that is made on top of others."""
        self._commits.add(sha, *parents, date=date, files=files)
        return sha

    def workflow_run(
        self, number: int, status: str = "in_progress", attempt: int = 1
    ) -> WorkflowRun:
        """Start a workflow run; what is returned can be changed."""
        return self._workflow_runs.add(WorkflowRun(number, status, attempt))

    def comment(self, number: int, body: str, author: Token | None) -> Comment:
        """Write a comment as somebody else would."""
        return self._comments.add(number, body, author)

    def comments(self, number: int) -> list[Comment]:
        """The comments on a pull request, oldest first."""
        return self._comments.of(number)

    def meanwhile(self, verb: str, path: str, action: Callable[[], object]) -> None:
        """Do something once, just before the next request is acted on whose path fits."""
        self._meanwhile.append((verb, path, action))

    def pull_request_payload(self, number: int, action: str = "synchronize") -> dict[str, Any]:
        """The payload of the event `pull_request`."""
        return payloads.pull_request(self.site, self._pulls, number, action)

    def workflow_run_payload(self, number: int, conclusion: str = "success") -> dict[str, Any]:
        """The payload of the event `workflow_run` after the preview of a pull request."""
        return payloads.workflow_run(self.site, self._pulls, number, conclusion)

    def _answer(self, request: Request, call: Call) -> Answer:
        self._interfere(request)
        with self._lock:
            try:
                answer = self._act(request, call)
            except Refusal as refusal:
                answer = refusal.answer
            except Exception:  # noqa: BLE001 - the double's own mistake is no answer of GitHub's
                self.violations.append(traceback.format_exc())
                answer = Answer({"message": "see violations"}, 500)
            kind = {"Content-Type": "application/json; charset=utf-8"}
            headers = {**kind, **self.rate_limit.headers, **answer.headers}
            return Answer(answer.content, answer.status, headers)

    def _act(self, request: Request, call: Call) -> Answer:
        call.principal = self._token(request).login
        self.rate_limit.take()
        if request.path == f"{self._prefix.removesuffix('/v3')}/graphql":
            return self._graphql(request)
        try:
            route, request = self._routes.find(self._of_repository(request))
            check(route, request)
        except Violation as violation:
            self.violations.append(str(violation))
            raise not_found() from violation
        call.writes = route.writes
        scope = "contents" if "/releases" in route.path else "pull-requests"
        if route.writes and scope not in self._token(request).writes:
            raise Refusal(403, self._token(request).refusal)
        if "/actions/" in route.path and not self._token(request).reads_actions:
            raise Refusal(403, self._token(request).refusal)
        try:
            answer = route.handle(request)
        except Refusal as refusal:
            answer = refusal.answer
        self._hold_against_description(route, request, answer)
        return answer

    def _of_repository(self, request: Request) -> Request:
        """The request by the repository's name, as the API is documented."""
        path = request.path
        if not path.startswith(f"{self._prefix}/"):
            raise Violation(404, "", f"{path} is not below {self._prefix}")
        path = path.removeprefix(self._prefix)
        path = path.replace(f"/repositories/{REPOSITORY_ID}/", f"/repos/{self.repository}/", 1)
        if not path.startswith(f"/repos/{self.repository}/"):
            raise Violation(404, "", f"{path} is of another repository")
        return replace(request, path=path)

    def _graphql(self, request: Request) -> Answer:
        """The one question that is asked there."""
        query = request.fields.get("query", "")
        if request.verb != "POST" or not _VIEWER.fullmatch(query) or len(request.fields) != 1:
            self.violations.append(f"GraphQL: {request.verb} {request.body!r}")
        return Answer({"data": {"viewer": {"login": self._token(request).login}}})

    def _token(self, request: Request) -> Token:
        authorization = request.headers.get("Authorization", "")
        token = self.tokens.of(authorization)
        if token is None:
            message = "Bad credentials" if authorization else "Requires authentication"
            raise Refusal(401, message)
        return token

    def _interfere(self, request: Request) -> None:
        for waiting in list(self._meanwhile):
            verb, path, action = waiting
            if verb == request.verb and re.search(path, request.path):
                self._meanwhile.remove(waiting)
                action()

    def _hold_against_description(self, route: Route, request: Request, answer: Answer) -> None:
        template = route.path.replace("*}", "}")
        if self._judge is None or (
            answer.status >= 400 and not self._judge.documents(route.verb, template, answer.status)
        ):
            return
        parts = {name: quote(value, safe="") for name, value in request.parts.items()}
        complaint = self._judge.complaint(request, template.format(**parts), answer)
        if complaint:
            self.violations.append(complaint)
