"""GitHub's REST API, as far as one repository goes."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Annotated, Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import Field
from requests.adapters import HTTPAdapter

from entrypoint.github import api_answers, api_errors
from entrypoint.github.api_answers import Answer, Kind
from entrypoint.github.api_errors import GitHubError, Purpose
from entrypoint.github.rate_limit import RateLimitPatience

_HEADERS = {
    "Accept": "application/vnd.github+json",
    "User-Agent": "log-agent",
    "X-GitHub-Api-Version": "2022-11-28",
}
_CONNECT_TIMEOUT, _READ_TIMEOUT = 10, 30  # seconds
_PAGE = 100  # the most that GitHub gives at once
# GitHub takes 2,500 comments on a pull request; what has more pages is no list of GitHub's.
_MOST_PAGES = 100
_WHO = "query { viewer { login } }"


class _Viewer(Answer):
    login: Annotated[str, Field(min_length=1)]


class _Data(Answer):
    viewer: _Viewer


class _Who(Answer):
    """GraphQL's answer: with `errors` there may be no data."""

    data: _Data | None = None
    errors: Any = None


class _Bearer(requests.auth.AuthBase):
    """The token. Without an `auth` of ours, requests would prefer what a `.netrc` says."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Api:
    """One repository on github.com or GitHub Enterprise: a context manager.

    Every method takes the purpose, for what it raises: `GitHubError`.
    """

    def __init__(
        self,
        url: str,
        repository: str,
        token: str,
        *,
        is_read_only: bool = False,
        backoff: float = 1.0,
    ) -> None:
        """Ask at `url`; `is_read_only`: that GitHub gave the job such a token needs no mending."""
        self._url = url.rstrip("/")
        self._repository = repository
        self._is_read_only = is_read_only
        self._session = requests.Session()
        self._session.headers.update(_HEADERS)
        # A header can't carry what is no token; GitHub says then that there is none.
        token = token.strip()
        self._session.auth = _Bearer(token if token.isascii() and token.isprintable() else "")
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=RateLimitPatience.of(backoff)))

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str], token: str, *, is_read_only: bool = False
    ) -> Self:
        """The repository of the job, from the runner's variables."""
        return cls(
            environ.get("GITHUB_API_URL") or "https://api.github.com",
            environ.get("GITHUB_REPOSITORY", ""),
            token,
            is_read_only=is_read_only,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def items(self, path: str, purpose: Purpose, kind: type[Kind], **query: str) -> Iterator[Kind]:
        """All of a list, page after page: each item is of the kind."""
        url = self._path(path)
        parameters: Mapping[str, str] = {**query, "per_page": str(_PAGE)}
        read: set[str] = set()
        for _ in range(_MOST_PAGES):
            response = self._ask("GET", url, purpose, query=parameters)
            yield from self._read(list[kind], response, purpose)  # type: ignore[valid-type]
            read |= {url, response.url}
            # The link to the next page carries the query.
            url, parameters = self._next(response, purpose), {}
            if not url:
                return
            if url in read:
                raise self._nonsense(purpose, f"a next page that was read before: {url}")
        raise self._nonsense(purpose, f"a list of more than {_MOST_PAGES} pages")

    def get(self, path: str, purpose: Purpose, kind: type[Kind]) -> Kind:
        return self._read(kind, self._ask("GET", self._path(path), purpose), purpose)

    def post(self, path: str, purpose: Purpose, body: Mapping[str, Any], kind: type[Kind]) -> Kind:
        """Sent once: after a `GitHubError` that `may_have_acted` it is for the caller to look."""
        return self._read(kind, self._ask("POST", self._path(path), purpose, body=body), purpose)

    def patch(self, path: str, purpose: Purpose, body: Mapping[str, Any]) -> None:
        self._ask("PATCH", self._path(path), purpose, body=body)

    def delete(self, path: str, purpose: Purpose) -> None:
        """What is gone already is fine."""
        try:
            self._ask("DELETE", self._path(path), purpose)
        except GitHubError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise

    def login(self, purpose: Purpose) -> str:
        """Whose token it is: `github-actions[bot]`, another app's bot, a person.

        REST's `/user` refuses the tokens of apps, and the job's own is one of them. GraphQL, which
        github.com has at `/graphql` and GitHub Enterprise at `/api/graphql`, tells every token.
        """
        url = f"{self._url.removesuffix('/v3')}/graphql"
        who = self._read(_Who, self._ask("POST", url, purpose, body={"query": _WHO}), purpose)
        if who.data is None:
            raise self._nonsense(purpose, f"no viewer: {who.errors}")
        return who.data.viewer.login

    def _path(self, path: str) -> str:
        return f"{self._url}/repos/{self._repository}/{path}"

    def _ask(
        self,
        verb: str,
        url: str,
        purpose: Purpose,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        try:
            response = self._session.request(
                verb,
                url,
                params=query,
                json=body,
                timeout=(_CONNECT_TIMEOUT, _READ_TIMEOUT),
                # GitHub redirects for repositories that were renamed; a job knows today's name.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            problem = api_errors.no_answer(purpose, self._host, error)
            raise GitHubError(problem, may_have_acted=verb == "POST") from error
        status = response.status_code
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return response
        problem = api_errors.error_answer(
            purpose,
            status,
            api_answers.message(response.content, str(response.reason)),
            response.headers,
            is_read_only=self._is_read_only,
        )
        is_their_mistake = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise GitHubError(problem, status, may_have_acted=verb == "POST" and is_their_mistake)

    def _read(self, kind: type[Kind], response: requests.Response, purpose: Purpose) -> Kind:
        try:
            return api_answers.read(kind, response.content)
        except ValueError as error:
            raise self._nonsense(purpose, str(error)) from error

    def _next(self, response: requests.Response, purpose: Purpose) -> str:
        """The address of the next page, empty after the last."""
        link = response.links.get("next", {}).get("url", "")
        try:
            url = urljoin(response.url, link) if link else ""
            is_elsewhere = url and urlsplit(url)[:2] != urlsplit(self._url)[:2]
        except ValueError as error:
            raise self._nonsense(purpose, f"a next page that is no address: {link}") from error
        # The token goes with the request, so it must not go elsewhere.
        if is_elsewhere:
            raise self._nonsense(purpose, f"a next page on another host: {url}")
        return url

    def _nonsense(self, purpose: Purpose, what: str) -> GitHubError:
        return GitHubError(api_errors.unexpected_answer(purpose, self._host, what))

    @property
    def _host(self) -> str:
        return urlsplit(self._url).netloc
