"""The client of GitHub's REST API: limits, faults, and what is said of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from doubles.databricks.request import Answer, Request
from doubles.databricks.server import Call, Server
from doubles.github import Fault, GitHub, Token
from doubles.server_process import free_port
from entrypoint.github import api_answers
from entrypoint.github.api import Api
from entrypoint.github.api_errors import GitHubError, Purpose
from entrypoint.github.rate_limit import wait
from entrypoint.runtime.errors import Problem

PURPOSE = Purpose("do the thing", ("contents: read", "pull-requests: write"))
COMMENTS = "issues/7/comments"


class Thing(api_answers.Answer):
    """A comment, or a release."""

    id: int
    body: str | None


DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
EPOCH = 1767225600


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        github.pull(7)
        yield github


def api(github: GitHub, token: Token | None = None, *, is_read_only: bool = False) -> Api:
    value = (token or github.tokens.job).value
    return Api(github.site.api, github.repository, value, is_read_only=is_read_only, backoff=0)


def refusal(act: Callable[[], object]) -> tuple[GitHubError, Problem]:
    with pytest.raises(GitHubError) as raised:
        act()
    (problem,) = raised.value.problems
    return raised.value, problem


def post(client: Api) -> GitHubError:
    """Post a comment that isn't taken."""
    return refusal(lambda: client.post(COMMENTS, PURPOSE, {"body": "Hello"}, Thing))[0]


def test_speaks_with_the_repository_of_the_job(github: GitHub) -> None:
    with Api.from_environ(github.env, github.tokens.job.value) as client:
        created = client.post(COMMENTS, PURPOSE, {"body": "Hello"}, Thing)

    assert [comment.id for comment in github.comments(7)] == [created.id]


def test_speaks_with_github_enterprise() -> None:
    with GitHub(prefix="/api/v3") as github:
        github.pull(7)
        for number in range(101):
            github.comment(7, str(number), None)
        with Api.from_environ(github.env, github.tokens.job.value) as client:
            comments = [*client.items(COMMENTS, PURPOSE, Thing)]
            login = client.login(PURPOSE)

        assert (len(comments), login) == (101, "github-actions[bot]")
        assert {call.path for call in github.calls} == {
            "/api/v3/repos/acme/agents/issues/7/comments",
            "/api/v3/repositories/1296269/issues/7/comments",
            "/api/graphql",
        }


def test_knows_whose_the_token_is(github: GitHub) -> None:
    tokens = github.tokens

    for token in (tokens.job, tokens.read_only, tokens.person, tokens.app):
        with api(github, token) as client:
            assert client.login(PURPOSE) == token.login


def test_asks_for_every_page(github: GitHub) -> None:
    for number in range(250):
        github.comment(7, str(number), None)

    with api(github) as client:
        bodies = [comment.body for comment in client.items(COMMENTS, PURPOSE, Thing)]

    assert bodies == [str(number) for number in range(250)]
    assert [call.query.get("page") for call in github.calls] == [None, "2", "3"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_githubs_passes(github: GitHub, status: int) -> None:
    github.comment(7, "Hello", None)
    github.faults.add(Fault(status=status, times=3))

    with api(github) as client:
        assert len([*client.items(COMMENTS, PURPOSE, Thing)]) == 1


def test_an_error_that_stays_is_told_after_four_tries(github: GitHub) -> None:
    github.faults.add(Fault(status=502, times=9))

    with api(github) as client:
        refused, problem = refusal(lambda: [*client.items(COMMENTS, PURPOSE, Thing)])

    assert len(github.calls) == 4
    assert refused.status == 502
    assert problem.what == "log-agent can't do the thing: GitHub has a problem of its own."
    assert "https://www.githubstatus.com" in problem.fix


@pytest.mark.parametrize("reset", ["before", "after"])
def test_a_broken_connection_is_made_again(github: GitHub, reset: str) -> None:
    comment = github.comment(7, "Hello", github.tokens.job)
    github.faults.add(Fault(reset=reset, times=2))  # type: ignore[arg-type]

    with api(github) as client:
        client.patch(f"issues/comments/{comment.id}", PURPOSE, {"body": "Hello again"})

    assert comment.body == "Hello again"


@pytest.mark.parametrize(
    "fault", [Fault(status=502), Fault(reset="after"), Fault(reset="before")], ids=str
)
def test_what_may_have_been_created_is_not_created_again(github: GitHub, fault: Fault) -> None:
    github.faults.add(fault)

    with api(github) as client:
        refused = post(client)

    assert refused.may_have_acted
    assert len(github.calls) == 1


def test_nobody_there_is_told() -> None:
    with Api(f"http://127.0.0.1:{free_port()}", "acme/agents", "", backoff=0) as client:
        refused, problem = refusal(lambda: client.get("releases/1", PURPOSE, Thing))

    assert refused.status == 0
    assert "can't be reached" in problem.what
    assert "HTTPS_PROXY" in problem.fix
    assert "Connection refused" in problem.detail


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, headers={"Retry-After": "1"}),
        Fault(status=429),
        Fault(status=403, headers={"Retry-After": "1"}),
        Fault(status=403, headers={"Retry-After": "0"}),
        Fault(status=503, headers={"Retry-After": "0"}),
    ],
    ids=str,
)
def test_a_secondary_limit_is_waited_for(github: GitHub, fault: Fault) -> None:
    github.faults.add(fault)

    with api(github) as client:
        assert [*client.items(COMMENTS, PURPOSE, Thing)] == []

    assert github.faults.waiting == ()


def test_what_a_limit_refused_was_not_done_and_is_done_later(github: GitHub) -> None:
    github.faults.add(Fault("POST", status=403, headers={"Retry-After": "0"}))

    with api(github) as client:
        client.post(COMMENTS, PURPOSE, {"body": "Hello"}, Thing)

    assert len(github.comments(7)) == 1


def test_the_primary_limit_is_waited_for(github: GitHub) -> None:
    github.rate_limit.use_up(1)

    with api(github) as client:
        client.post(COMMENTS, PURPOSE, {"body": "Hello"}, Thing)

    assert [call.status for call in github.calls] == [403, 201]
    assert len(github.comments(7)) == 1


@pytest.mark.parametrize("seconds", [90, 3600])
def test_a_long_wait_is_told_instead(github: GitHub, seconds: int) -> None:
    github.rate_limit.use_up(seconds)

    with api(github) as client:
        refused, problem = refusal(lambda: client.get("releases/1", PURPOSE, Thing))

    assert len(github.calls) == 1
    assert not refused.may_have_acted
    assert problem.what.endswith("GitHub's rate limit for `github-token` is used up.")
    assert f"in {seconds // 60 + (seconds % 60 > 0)} min" in problem.fix


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_long_retry_after_is_told_instead(github: GitHub, status: int) -> None:
    github.faults.add(Fault(status=status, headers={"Retry-After": "3600"}))

    with api(github) as client:
        refusal(lambda: client.get("releases/1", PURPOSE, Thing))

    assert len(github.calls) == 1


def test_a_limit_that_stays_is_told(github: GitHub) -> None:
    message = "You have exceeded a secondary rate limit."
    limited = Fault(status=403, body={"message": message}, headers={"Retry-After": "0"}, times=9)
    github.faults.add(limited)

    with api(github) as client:
        _, problem = refusal(lambda: client.get("releases/1", PURPOSE, Thing))

    assert len(github.calls) == 4
    assert "rate limit" in problem.what
    assert problem.detail == f"403: {message}"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "7", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}, 7),
        ({"Retry-After": "Thu, 01 Jan 2026 00:00:09 GMT", "Date": DATE}, 9),
        ({"Retry-After": "Wed, 31 Dec 2025 00:00:00 GMT", "Date": DATE}, 0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{EPOCH + 5}", "Date": DATE}, 5),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{EPOCH - 5}", "Date": DATE}, 0),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": f"{EPOCH + 5}", "Date": DATE}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{EPOCH + 5}"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 99, "Date": DATE}, None),
        ({"X-RateLimit-Remaining": "0", "Date": DATE}, None),
        ({"Retry-After": "soon", "Date": DATE}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "9" * 5000}, None),
        ({"Retry-After": "-1", "Date": DATE}, None),
        ({}, None),
    ],
)
def test_how_long_github_wants_to_be_left_alone(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert wait(headers) == seconds


def test_a_missing_permission_is_told_with_the_lines_to_add(github: GitHub) -> None:
    with api(github, github.tokens.read_only) as client:
        refused = post(client)

    (problem,) = refused.problems
    assert not refused.may_have_acted
    assert problem.what == (
        "log-agent can't do the thing: `github-token` lacks `pull-requests: write`."
    )
    assert "    permissions:\n      contents: read\n      pull-requests: write" in problem.fix
    assert problem.detail == "403: Resource not accessible by integration"


def test_a_forks_token_is_told_with_the_two_workflows(github: GitHub) -> None:
    with api(github, github.tokens.read_only, is_read_only=True) as client:
        (problem,) = post(client).problems

    assert "forks" in problem.what
    assert "workflow_run:" in problem.fix
    assert "mode: comment" in problem.fix


def test_a_locked_conversation_is_told(github: GitHub) -> None:
    github.pull(7, locked=True)

    with api(github) as client:
        (problem,) = post(client).problems

    assert problem.what == "log-agent can't do the thing: the conversation is locked."
    assert "comment: off" in problem.fix


def test_an_archived_repository_is_told_in_githubs_words(github: GitHub) -> None:
    message = "Repository was archived so is read-only."
    github.faults.add(Fault(status=403, body={"message": message}))

    with api(github) as client:
        (problem,) = post(client).problems

    assert (problem.what, problem.detail) == (
        "log-agent can't do the thing: GitHub refused.",
        f"403: {message}",
    )


@pytest.mark.parametrize("token", ["", "ghs_unknown", "two\nlines", "gebührenfrei"])
def test_no_token_is_told(github: GitHub, token: str) -> None:
    with Api(github.site.api, github.repository, token) as client:
        refused, problem = refusal(lambda: client.get("releases/1", PURPOSE, Thing))

    assert refused.status == 401
    assert "`github-token`" in problem.what
    assert not token or token not in f"{problem}"


def test_what_is_not_there_is_told(github: GitHub) -> None:
    with api(github) as client:
        refused, problem = refusal(lambda: client.get("releases/1", PURPOSE, Thing))

    assert refused.status == 404
    assert "isn't there" in problem.what


def test_deleting_what_is_gone_is_fine(github: GitHub) -> None:
    with api(github) as client:
        client.delete("issues/comments/1", PURPOSE)

    assert [call.status for call in github.calls] == [404]


def test_an_invalid_field_is_told_in_githubs_words(github: GitHub) -> None:
    with api(github) as client:
        _, problem = refusal(lambda: client.post(COMMENTS, PURPOSE, {"body": "x" * 70_000}, Thing))

    assert problem.detail.startswith("422: Validation Failed: ")
    assert "maximum is 65536 characters" in problem.detail


@pytest.fixture
def stranger() -> Iterator[Server]:
    """Another host, which nobody has reason to ask."""
    asked = []

    def listen(request: Request, _: Call) -> Answer:
        asked.append(request)
        return Answer([])

    server = Server(0, listen)
    server.start()
    yield server
    server.stop()
    assert asked == []


@contextmanager
def answering(answer: Callable[[Request], Answer]) -> Iterator[tuple[Server, Api]]:
    """Something that answers in GitHub's place, and a client that asks it."""
    server = Server(0, lambda request, _: answer(request))
    server.start()
    try:
        with Api(server.address, "acme/agents", "token", backoff=0) as client:
            yield server, client
    finally:
        server.stop()


@pytest.mark.parametrize(
    "address", ["{host}/page", "//{netloc}/page", "https://127.0.0.1/page", "//x@{own}/page"]
)
def test_a_page_on_another_host_is_not_asked_for(stranger: Server, address: str) -> None:
    netloc = urlsplit(stranger.address).netloc

    def answer(request: Request) -> Answer:
        page = address.format(host=stranger.address, netloc=netloc, own=request.headers["Host"])
        return Answer([], headers={"Link": f'<{page}>; rel="next"'})

    with answering(answer) as (server, client):
        _, problem = refusal(lambda: [*client.items(COMMENTS, PURPOSE, Thing)])
        assert len(server.calls) == 1

    assert "another host" in problem.detail


@pytest.mark.parametrize(
    ("pages", "asked"),
    [
        ({"": ""}, 1),  # the first page, as it was asked for
        ({"": "?page=2", "2": "?page=2"}, 2),
        ({"": "?page=2", "2": "?page=3", "3": "?page=2"}, 3),
        ({"": "?page=2", "2": "?per_page=100"}, 2),
    ],
    ids=["itself", "second to itself", "third to second", "second to first"],
)
def test_a_page_is_read_once(pages: dict[str, str], asked: int) -> None:
    def answer(request: Request) -> Answer:
        following = pages[request.query.get("page", "")] or f"?{request.query_string}"
        return Answer([], headers={"Link": f'<{following}>; rel="next"'})

    with answering(answer) as (server, client):
        _, problem = refusal(lambda: [*client.items(COMMENTS, PURPOSE, Thing)])
        assert len(server.calls) == asked

    assert "a next page that was read before" in problem.detail


def test_pages_without_end_are_not_read() -> None:
    def answer(request: Request) -> Answer:
        page = int(request.query.get("page", 1))
        return Answer([], headers={"Link": f'<?page={page + 1}>; rel="next"'})

    with answering(answer) as (server, client):
        _, problem = refusal(lambda: [*client.items(COMMENTS, PURPOSE, Thing)])
        assert len(server.calls) == 100

    assert problem.detail == "a list of more than 100 pages"


@pytest.mark.parametrize("link", ["<http://[>", "<http://a:b:c/>", "<//[::1>"])
def test_a_next_page_that_is_no_address_is_told(link: str) -> None:
    with answering(lambda _: Answer([], headers={"Link": f'{link}; rel="next"'})) as (_, client):
        _, problem = refusal(lambda: [*client.items(COMMENTS, PURPOSE, Thing)])

    assert "not GitHub's REST API" in problem.what


def test_a_redirect_is_not_followed(github: GitHub, stranger: Server) -> None:
    moved = {"Location": f"{stranger.address}/moved"}
    github.faults.add(Fault(status=307, headers=moved), Fault(status=301, headers=moved))

    with api(github) as client:
        assert post(client).status == 307
        assert refusal(lambda: client.get("releases/1", PURPOSE, Thing))[0].status == 301


def test_a_netrc_of_the_runner_is_not_used(
    github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with api(github) as client:
        client.post(COMMENTS, PURPOSE, {"body": "Hello"}, Thing)
    assert github.calls[-1].principal == "github-actions[bot]"


THING = {"id": 1, "body": "Hello"}
NO_THINGS: list[Any] = [
    b"<html>",
    b"",
    b"\xff",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    "text",
    7,
    None,
    [7],
    {},
    {"message": "Hello"},
    {**THING, "id": "1"},
    {**THING, "id": 1.5},
    {**THING, "id": True},
    {**THING, "body": ["Hello"]},
]


@pytest.mark.parametrize("body", [*NO_THINGS, *([each] for each in NO_THINGS[5:]), [[THING]]])
@pytest.mark.parametrize("verb", ["items", "get", "post"])
def test_an_answer_of_another_shape_is_told(verb: str, body: Any) -> None:
    with answering(lambda _: Answer(body)) as (_, client):
        asking: dict[str, Callable[[], object]] = {
            "items": lambda: [*client.items(COMMENTS, PURPOSE, Thing)],
            "get": lambda: client.get("releases/1", PURPOSE, Thing),
            "post": lambda: client.post(COMMENTS, PURPOSE, {}, Thing),
        }
        _, problem = refusal(asking[verb])

    assert "not GitHub's REST API" in problem.what
    assert problem.detail
    assert "Hello" not in problem.detail


@pytest.mark.parametrize(
    "body",
    [
        *NO_THINGS,
        {"data": None, "errors": [{"message": "no"}]},
        {"data": []},
        {"data": {"viewer": None}},
        {"data": {"viewer": {"login": None}}},
        {"data": {"viewer": {"login": 7}}},
        # Comments whose author is gone must not be taken for the token's own.
        {"data": {"viewer": {"login": ""}}},
    ],
)
def test_nobody_s_login_is_told(body: Any) -> None:
    with answering(lambda _: Answer(body)) as (_, client):
        _, problem = refusal(lambda: client.login(PURPOSE))

    assert "not GitHub's REST API" in problem.what


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[]", b'{"message": {}}', b"7"])
def test_an_error_of_another_shape_is_told(body: bytes) -> None:
    with answering(lambda _: Answer(body, 422)) as (_, client):
        _, problem = refusal(lambda: client.get("releases/1", PURPOSE, Thing))

    assert problem.detail.startswith("422: ")


def test_an_error_page_of_a_proxy_is_told() -> None:
    server = Server(0, lambda *_: Answer(b"<html>", 407))
    server.start()
    try:
        with Api(server.address, "acme/agents", "t", backoff=0) as client:
            _, problem = refusal(lambda: client.get("releases/1", PURPOSE, Thing))
    finally:
        server.stop()

    assert problem.detail == "407: Proxy Authentication Required"
