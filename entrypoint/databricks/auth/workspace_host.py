"""A workspace's host: whether it is one, and who we are there."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

# To connect, and between two bytes.
_TIMEOUT_SECONDS = 10
_RETRY = Retry(
    3,
    other=0,  # a certificate or a proxy that is wrong stays so
    status_forcelist=(429, 500, 502, 503, 504),
    backoff_factor=0.5,
    # `Retry-After` can be any time, and a workspace that is busy is one: it isn't waited for.
    respect_retry_after_header=False,
    raise_on_status=False,
)
_ME = "/api/2.0/preview/scim/v2/Me"
_DISCOVERY = ("/.well-known/databricks-config", "/oidc/.well-known/oauth-authorization-server")
_MAX_CHARS = 2000


@dataclass(frozen=True)
class Identity:
    """Our name in the workspace `host`, and that one's id; empty where it doesn't tell."""

    host: str = ""
    name: str = ""
    workspace_id: str = ""


class TokenRefused(Exception):
    """The workspace refuses the token; the message is its own."""


class NoWorkspace(Exception):
    """There is no answer, or not a workspace's: `kind` says which, the message is the answer's."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def normalized(host: str) -> str:
    """The host as a URL without path and query: users paste what their browser shows."""
    url = urlsplit(host if "://" in host else f"https://{host}")
    return f"{url.scheme}://{url.netloc}"


def current_user(host: str, token: str) -> Identity:
    """Who the workspace says that the token belongs to.

    Raises:
        TokenRefused: it is wrong or over, or the workspace is closed to this address.
        NoWorkspace: there is no workspace.

    """
    answer = _get(host, _ME, token)
    content = _json(answer)
    message = str(content.get("message") or content.get("detail") or answer.text)[:_MAX_CHARS]
    if answer.status_code == HTTPStatus.OK and "userName" in content:
        return Identity(
            host, str(content["userName"]), answer.headers.get("x-databricks-org-id", "")
        )
    # A token with the scopes of some APIs only is valid.
    if answer.status_code in (401, 403) and content and "scope" not in message:
        raise TokenRefused(message)
    if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        check(host)
    return Identity(host)


def check(host: str) -> None:
    """Check that a workspace answers.

    Raises:
        NoWorkspace: there is none.

    """
    answers = [_get(host, path) for path in _DISCOVERY]
    config, server = (_json(answer) for answer in answers)
    if not (config.get("oidc_endpoint") or server.get("token_endpoint")):
        first = answers[0]
        message = f"{first.status_code} {first.reason}\n{first.text}"
        raise NoWorkspace("other", message[:_MAX_CHARS])
    if config.get("account_id") and not config.get("workspace_id"):
        raise NoWorkspace("account", f"account {config['account_id']}")


def _get(host: str, path: str, token: str = "") -> requests.Response:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        # A header given to `get` would be replaced from a `.netrc`.
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    with requests.Session() as session:
        session.mount(host, HTTPAdapter(max_retries=_RETRY))
        try:
            return session.get(
                f"{host}{path}", auth=sign, timeout=_TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise NoWorkspace(_kind(error), _message(error)) from error


def _kind(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    if isinstance(error, requests.exceptions.ProxyError):
        return "proxy"
    if re.search("NameResolutionError|gaierror|getaddrinfo|Failed to resolve", str(error)):
        return "name"
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return "name"
    return "silent"


def _message(error: requests.RequestException) -> str:
    """The error's message, without the addresses of Python's objects."""
    message = re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>:? ?", "", str(error))
    return message[:_MAX_CHARS]


def _json(answer: requests.Response) -> dict[str, object]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
