"""A workspace's host: whether it is one, and whom it takes us for."""

import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

# Seconds, to connect and between two bytes; and between the attempts.
_TIMEOUT = 10
_PAUSES = (0.5, 1, 2)
_PASSING = {429, 500, 502, 503, 504}
_ME = "/api/2.0/preview/scim/v2/Me"
_DISCOVERY = ("/.well-known/databricks-config", "/oidc/.well-known/oauth-authorization-server")
_LONGEST = 2000


@dataclass(frozen=True)
class Identity:
    """Whom the workspace `host` takes us for, and its own number; empty where it doesn't tell."""

    host: str = ""
    name: str = ""
    workspace_id: str = ""


class TokenRefused(Exception):
    """The workspace doesn't take the token; the message is its own."""


class NoWorkspace(Exception):
    """Nobody answers there, or somebody who isn't a workspace: `kind` says which."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


def spelt(host: str) -> str:
    """The host as a URL without a path: people paste what their browser shows."""
    url = urlsplit(host if "://" in host else f"https://{host}")
    return f"{url.scheme}://{url.netloc}"


def current_user(host: str, token: str) -> Identity:
    """Show the token to the workspace.

    Raises:
        TokenRefused: it is wrong, or over, or the workspace is closed to us.
        NoWorkspace: there is no workspace.

    """
    answer = _get(host, _ME, token)
    content = _json(answer)
    message = str(content.get("message") or content.get("detail") or answer.text)[:_LONGEST]
    if answer.status_code == HTTPStatus.OK and "userName" in content:
        return Identity(
            host, str(content["userName"]), answer.headers.get("x-databricks-org-id", "")
        )
    # A token made for some APIs only is a good one.
    if answer.status_code in (401, 403) and content and "scope" not in message:
        raise TokenRefused(message)
    if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        check(host)
    return Identity(host)


def check(host: str) -> None:
    """See whether a workspace answers.

    Raises:
        NoWorkspace: none does.

    """
    answers = [_get(host, path) for path in _DISCOVERY]
    config, server = (_json(answer) for answer in answers)
    if not (config.get("oidc_endpoint") or server.get("token_endpoint")):
        first = answers[0]
        words = f"{first.status_code} {first.reason}\n{first.text}"
        raise NoWorkspace("stranger", words[:_LONGEST])
    if config.get("account_id") and not config.get("workspace_id"):
        raise NoWorkspace("account", f"account {config['account_id']}")


def _get(host: str, path: str, token: str = "") -> requests.Response:
    """Ask, and again when that may help.

    `Retry-After` can be any time, and a workspace that is busy is one: it isn't waited for.
    """
    for pause in _PAUSES:
        try:
            answer = _ask(f"{host}{path}", token)
        except requests.exceptions.SSLError:
            break
        except requests.ConnectionError:
            pass
        except requests.RequestException:
            break
        else:
            if answer.status_code not in _PASSING:
                return answer
        time.sleep(pause)
    try:
        return _ask(f"{host}{path}", token)
    except requests.RequestException as error:
        raise NoWorkspace(_kind(error), _words(error)) from error


def _ask(url: str, token: str) -> requests.Response:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Given as a header, a `.netrc` would win.
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return requests.get(url, auth=sign, timeout=_TIMEOUT, allow_redirects=False)


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


def _words(error: requests.RequestException) -> str:
    """The innermost reason, without the names of Python's objects."""
    words = re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>:? ?", "", str(error))
    return words[:_LONGEST]


def _json(answer: requests.Response) -> dict[str, object]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
