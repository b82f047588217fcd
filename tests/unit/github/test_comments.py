"""The comment on a pull request: one of a target, whatever else is written there."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from doubles.databricks.request import Answer
from doubles.databricks.server import Server
from doubles.github import Fault, GitHub, Judge, Token
from doubles.github.comments import Comment as Written
from entrypoint.github import marker
from entrypoint.github.api import Api
from entrypoint.github.api_errors import GitHubError
from entrypoint.github.comments import LIMIT, Comment
from entrypoint.github.marker import Posted

KEY = "prod.agents.support"
MARKER = "<!-- log-agent: prod.agents.support -->"


def fingerprint(body: str) -> str:
    """What a comment says: all but the time."""
    return hashlib.sha256(body.partition(" at ")[0].encode(errors="replace")).hexdigest()


def written(body: str) -> str:
    """What stands on GitHub."""
    return f"{MARKER}\n<!-- log-agent says: {fingerprint(body)} -->\n{body}"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        github.pull(7)
        yield github


def post(
    github: GitHub,
    body: str = "Hello",
    *,
    key: str = KEY,
    token: Token | None = None,
    number: int = 7,
    only_if_there: bool = False,
) -> Posted | None:
    value = (token or github.tokens.job).value
    with Api(github.site.api, github.repository, value, backoff=0) as api:
        comment = Comment(api, number, key)
        return comment.post(body, fingerprint(body), only_if_there=only_if_there)


def did(posted: Posted | None) -> str:
    assert posted is not None
    return posted.did


def bodies(github: GitHub, number: int = 7) -> list[str]:
    return [comment.body for comment in github.comments(number)]


def url(github: GitHub, comment: Written) -> str:
    return f"{github.site.repository_page}/pull/{comment.number}#issuecomment-{comment.id}"


def test_is_created_then_updated_then_left_alone(judge: Judge) -> None:
    with GitHub(judge) as github:
        github.pull(7)

        done = [post(github), post(github, "Hello again"), post(github, "Hello again")]

        (comment,) = github.comments(7)
        assert comment.body == written("Hello again")
        assert comment.edits == 1
        assert [did(each) for each in done] == ["created", "updated", "unchanged"]
        assert {each and each.url for each in done} == {url(github, comment)}


def test_is_found_behind_250_others(judge: Judge) -> None:
    with GitHub(judge) as github:
        github.pull(7)
        for number in range(125):
            github.comment(7, f"Number {number}", github.tokens.person)
        post(github)
        for number in range(125):
            github.comment(7, f"Number {number}", github.tokens.job)

        assert did(post(github, "Hello again")) == "updated"
        assert len(bodies(github)) == 251


def test_is_found_on_the_third_page(github: GitHub) -> None:
    for number in range(250):
        github.comment(7, f"Number {number}", github.tokens.job)
    post(github)

    assert did(post(github)) == "unchanged"
    assert len(bodies(github)) == 251


@pytest.mark.parametrize("name", ["job", "person", "app"])
def test_is_found_by_whoever_wrote_it(github: GitHub, name: str) -> None:
    token: Token = getattr(github.tokens, name)

    assert did(post(github, token=token)) == "created"
    assert did(post(github, "Hello again", token=token)) == "updated"

    (comment,) = github.comments(7)
    assert comment.author == token


def test_other_peoples_comments_are_left_alone(github: GitHub) -> None:
    tokens = github.tokens
    others = [
        github.comment(7, f"{MARKER}\nPretending", author)
        for author in (tokens.person, tokens.app, Token("github-actions", 5, "User"), None)
    ]

    assert did(post(github)) == "created"
    assert did(post(github, "Hello again")) == "updated"

    assert [comment.body for comment in others] == [f"{MARKER}\nPretending"] * 4
    assert bodies(github)[4:] == [written("Hello again")]


def test_a_comment_that_only_quotes_the_marker_is_another(github: GitHub) -> None:
    github.comment(7, f"Look: {MARKER}", github.tokens.job)

    assert did(post(github)) == "created"


def test_several_agents_have_a_comment_each(github: GitHub) -> None:
    keys = [KEY, "prod.agents.support2", "prod.agents", "agents/a/agent.py", "agents/b/agent.py"]

    for key in keys:
        assert did(post(github, f"first {key}", key=key)) == "created"
    for key in keys:
        assert did(post(github, f"second {key}", key=key)) == "updated"

    assert [body.splitlines()[2] for body in bodies(github)] == [f"second {key}" for key in keys]


def test_another_pull_requests_comment_is_another(github: GitHub) -> None:
    github.pull(8)

    assert did(post(github)) == "created"
    assert did(post(github, number=8)) == "created"


@pytest.mark.parametrize(
    "key", ["a --> <b>@everyone", "a\nb", "<!--", "größe/ä.py", "\ud800", "a%20b", "x" * 300, ""]
)
def test_no_key_breaks_out_of_the_marker(github: GitHub, key: str) -> None:
    assert did(post(github, key=key)) == "created"
    assert did(post(github, key=key)) == "unchanged"

    first, _, rest = bodies(github)[0].split("\n", 2)
    assert rest == "Hello"
    inside = first.removeprefix("<!-- log-agent: ").removesuffix(" -->")
    assert inside.isascii()
    assert not set(inside) & set("<>& \n")


def test_keys_that_differ_have_markers_that_differ() -> None:
    keys = ["a b", "a%20b", "a+b", "a/b", "a.b", "a", ""]

    assert len({marker.begin(key) for key in keys}) == len(keys)


def test_is_only_updated_where_that_is_asked(github: GitHub) -> None:
    assert post(github, only_if_there=True) is None
    assert github.writes == []

    post(github)
    assert did(post(github, "Hello again", only_if_there=True)) == "updated"


def test_the_same_in_other_words_is_left_alone(github: GitHub) -> None:
    post(github, "Hello at noon")

    assert did(post(github, "Hello at one")) == "unchanged"
    assert bodies(github) == [written("Hello at noon")]
    assert did(post(github, "Good bye at one")) == "updated"
    assert bodies(github) == [written("Good bye at one")]


@pytest.mark.parametrize("body", [MARKER, f"{MARKER}\nHello", f"{MARKER}\n<!-- other -->\nHello"])
def test_a_comment_without_a_fingerprint_is_updated(github: GitHub, body: str) -> None:
    github.comment(7, body, github.tokens.job)

    assert did(post(github)) == "updated"
    assert bodies(github) == [written("Hello")]


@pytest.mark.parametrize("fingerprint", ["-->", "a\nb", "x y", ""])
def test_no_fingerprint_breaks_out_of_its_line(github: GitHub, fingerprint: str) -> None:
    with Api(github.site.api, github.repository, github.tokens.job.value) as api:
        comment = Comment(api, 7, KEY)
        assert did(comment.post("Hello", fingerprint)) == "created"
        assert did(comment.post("Hello", fingerprint)) == "unchanged"

    assert bodies(github)[0].split("\n")[2:] == ["Hello"]


def test_line_ends_are_no_change(github: GitHub) -> None:
    post(github, "one\n\ntwo\n")
    (comment,) = github.comments(7)
    comment.body = comment.body.strip().replace("\n", "\r\n")

    assert did(post(github, "one\n\ntwo\n")) == "unchanged"


def test_asks_who_it_is_only_when_there_is_something_to_compare(github: GitHub) -> None:
    post(github)
    assert [call.verb for call in github.calls] == ["GET", "POST", "GET"]


@pytest.mark.parametrize("character", ["x", "ä", "漢", "🤖", "\ud800"])
def test_as_much_as_there_is_room_for_fits(github: GitHub, character: str) -> None:
    with Api(github.site.api, github.repository, github.tokens.job.value) as api:
        comment = Comment(api, 7, KEY)
        size = len(character.encode(errors="replace"))
        longest = character * (comment.room // size)

        assert comment.post(longest, "f" * 64) is not None
        with pytest.raises(GitHubError, match=f"longer than {LIMIT} bytes"):
            comment.post(longest + character, "f" * 64)

    assert len(github.writes) == 1
    assert len(bodies(github)[0].encode()) <= LIMIT


def test_the_later_of_two_jobs_removes_its_own(github: GitHub) -> None:
    earlier: list[Posted | None] = []
    github.meanwhile("POST", "/comments", lambda: earlier.append(post(github, "earlier")))

    later = post(github, "later")

    (comment,) = github.comments(7)
    assert comment.body == written("later")
    assert later == Posted(url(github, comment), "updated")
    assert earlier == [Posted(url(github, comment), "created")]


def test_the_earlier_of_two_jobs_leaves_the_later_to_tidy_up(github: GitHub) -> None:
    # The later one's comment is there already when the earlier one looks again.
    later = Written(0, 7, None, "")

    def write() -> None:
        # Before the second look: the first was before the comment was created.
        github.meanwhile("GET", "/comments", arrive)

    def arrive() -> None:
        nonlocal later
        later = github.comment(7, f"{MARKER}\nlater", github.tokens.job)

    github.meanwhile("POST", "/comments", write)

    assert did(post(github, "earlier")) == "created"
    assert len(github.comments(7)) == 2
    # That job was killed before it could remove its own: the next one does.
    assert did(post(github, "next")) == "updated"
    assert bodies(github) == [written("next")]
    assert later not in github.comments(7)


def test_a_comment_that_somebody_else_has_removed_already_is_no_trouble(github: GitHub) -> None:
    github.comment(7, f"{MARKER}\nfirst", github.tokens.job)
    github.comment(7, f"{MARKER}\nsecond", github.tokens.job)
    github.meanwhile("DELETE", "/comments", lambda: post(github, "other"))

    assert did(post(github, "mine")) == "updated"
    assert len(github.comments(7)) == 1


def test_of_many_jobs_at_once_one_comment_is_left(github: GitHub) -> None:
    with ThreadPoolExecutor(6) as jobs:
        done = list(jobs.map(lambda number: post(github, f"job {number}"), range(6)))

    (comment,) = github.comments(7)
    assert {each and each.url for each in done} == {url(github, comment)}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", reset="after"),
        Fault("POST", reset="before"),
        Fault("POST", status=502),
        Fault("GET", status=502, times=2),
        Fault("GET", reset="after"),
        Fault("PATCH", reset="after"),
        Fault("DELETE", reset="after"),
    ],
    ids=lambda fault: f"{fault.verb} {fault.reset or fault.status}",
)
def test_whatever_breaks_one_comment_is_left(github: GitHub, fault: Fault) -> None:
    if fault.verb in ("PATCH", "DELETE"):
        post(github, "old")
        github.comment(7, f"{MARKER}\nleft over", github.tokens.job)
    github.faults.add(fault)

    assert post(github) is not None

    assert bodies(github) == [written("Hello")]
    assert github.faults.waiting == ()


def test_what_stays_broken_is_told(github: GitHub) -> None:
    github.faults.add(Fault("POST", status=502, times=9))

    with pytest.raises(GitHubError):
        post(github)

    assert len(github.writes) == 0
    assert len([call for call in github.calls if call.verb == "POST"]) == 2


@pytest.mark.parametrize("name", ["read_only", "contents"])
def test_a_token_that_may_not_comment_is_told(github: GitHub, name: str) -> None:
    tokens = github.tokens
    token = tokens.read_only if name == "read_only" else tokens.job_with(name)

    with pytest.raises(GitHubError) as raised:
        post(github, token=token)

    (problem,) = raised.value.problems
    assert problem.what == (
        "log-agent can't comment on pull request #7: `github-token` lacks `pull-requests: write`."
    )


def test_a_locked_conversation_is_told(github: GitHub) -> None:
    github.pull(7, locked=True)

    with pytest.raises(GitHubError, match="locked"):
        post(github)


COMMENT = {"id": 1, "html_url": "https://github.test/1", "body": MARKER, "user": {"login": "me"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "1/../../pulls/7"},
        {"id": None},
        {"html_url": 7},
        {"body": ["Hello"]},
        {"user": "me"},
        {"user": {"login": None}},
    ],
    ids=str,
)
def test_a_comment_of_another_shape_is_told(wrong: dict[str, object]) -> None:
    server = Server(0, lambda *_: Answer([{**COMMENT, **wrong}]))
    server.start()
    try:
        with (
            Api(server.address, "acme/agents", "token", backoff=0) as api,
            pytest.raises(GitHubError, match="not GitHub's REST API"),
        ):
            Comment(api, 7, KEY).post("Hello", "f")
        assert [call.verb for call in server.calls] == ["GET"]
    finally:
        server.stop()
