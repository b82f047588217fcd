"""GitHub's REST API, as far as one repository goes."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from entrypoint.github import refusal
from entrypoint.github.rate_limit import Patience
from entrypoint.github.refusal import Purpose, Refused

_HEADERS = {
    "Accept": "application/vnd.github+json",
    "User-Agent": "log-agent",
    "X-GitHub-Api-Version": "2022-11-28",
}
_CONNECT_TIMEOUT, _READ_TIMEOUT = 10, 30  # seconds
_PAGE = 100  # the most that GitHub gives at once
_WHO = "query { viewer { login } }"


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

    Every method takes the purpose, for what it raises: `Refused`.
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
            self._session.mount(scheme, HTTPAdapter(max_retries=Patience.of(backoff)))

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

    def items(self, path: str, purpose: Purpose, **query: str) -> Iterator[dict[str, Any]]:
        """All of a list, page after page."""
        url = self._path(path)
        parameters: Mapping[str, str] = {**query, "per_page": str(_PAGE)}
        while url:
            response = self._ask("GET", url, purpose, query=parameters)
            page = self._json(response, purpose)
            if not isinstance(page, list):
                raise self._nonsense(purpose, "no list")
            yield from page
            # The link to the next page carries the query.
            url, parameters = self._next(response, purpose), {}

    def get(self, path: str, purpose: Purpose) -> dict[str, Any]:
        return self._object("GET", self._path(path), purpose)

    def post(self, path: str, purpose: Purpose, body: Mapping[str, Any]) -> dict[str, Any]:
        """Sent once: after a `Refused` that `may_have_acted` it is for the caller to look."""
        return self._object("POST", self._path(path), purpose, body)

    def patch(self, path: str, purpose: Purpose, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._object("PATCH", self._path(path), purpose, body)

    def delete(self, path: str, purpose: Purpose) -> None:
        """What is gone already is fine."""
        try:
            self._ask("DELETE", self._path(path), purpose)
        except Refused as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise

    def login(self, purpose: Purpose) -> str:
        """Whose token it is: `github-actions[bot]`, another app's bot, a person.

        REST's `/user` refuses the tokens of apps, and the job's own is one of them. GraphQL, which
        github.com has at `/graphql` and GitHub Enterprise at `/api/graphql`, tells every token.
        """
        url = f"{self._url.removesuffix('/v3')}/graphql"
        answer = self._object("POST", url, purpose, {"query": _WHO})
        try:
            return str(answer["data"]["viewer"]["login"])
        except (KeyError, TypeError) as error:
            raise self._nonsense(purpose, str(answer.get("errors") or answer)) from error

    def _path(self, path: str) -> str:
        return f"{self._url}/repos/{self._repository}/{path}"

    def _object(
        self, verb: str, url: str, purpose: Purpose, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self._json(self._ask(verb, url, purpose, body=body), purpose)
        if not isinstance(answer, dict):
            raise self._nonsense(purpose, "no object")
        return answer

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
            problem = refusal.of_silence(purpose, self._host, error)
            raise Refused(problem, may_have_acted=verb == "POST") from error
        status = response.status_code
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return response
        problem = refusal.of_answer(
            purpose,
            status,
            _message(response),
            response.headers,
            is_read_only=self._is_read_only,
        )
        is_their_mistake = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise Refused(problem, status, may_have_acted=verb == "POST" and is_their_mistake)

    def _json(self, response: requests.Response, purpose: Purpose) -> Any:
        try:
            return response.json()
        except ValueError as error:
            raise self._nonsense(purpose, "no JSON") from error

    def _next(self, response: requests.Response, purpose: Purpose) -> str:
        """The address of the next page, empty after the last."""
        link = response.links.get("next", {}).get("url", "")
        url = urljoin(response.url, link) if link else ""
        # The token goes with the request, so it must not go elsewhere.
        if url and urlsplit(url)[:2] != urlsplit(self._url)[:2]:
            raise self._nonsense(purpose, f"a next page on another host: {url}")
        return url

    def _nonsense(self, purpose: Purpose, what: str) -> Refused:
        return Refused(refusal.of_nonsense(purpose, self._host, what))

    @property
    def _host(self) -> str:
        return urlsplit(self._url).netloc


def _message(response: requests.Response) -> str:
    """What GitHub says about an error, and about each field that is at fault."""
    try:
        answer = response.json()
        message, errors = str(answer["message"]), answer.get("errors")
    except (ValueError, KeyError, TypeError, AttributeError):
        return str(response.reason)
    return f"{message}: {json.dumps(errors)}" if errors else message
