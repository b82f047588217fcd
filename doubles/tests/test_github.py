"""The double of GitHub is as strict as GitHub."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from doubles.github import Fault, GitHub, Judge, Token

NUMBER = 7


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        github.pull(NUMBER)
        yield github


@pytest.fixture
def judged(judge: Judge) -> Iterator[GitHub]:
    with GitHub(judge) as github:
        github.pull(NUMBER, head_repo="stranger/agents")
        yield github


def ask(
    github: GitHub, verb: str, path: str, token: Token | None = None, **more: Any
) -> requests.Response:
    token = token or github.tokens.job
    return requests.request(
        verb,
        f"{github.site.repository_api}/{path}",
        headers={"Authorization": f"Bearer {token.value}"},
        timeout=30,
        **more,
    )


def test_all_that_it_answers_is_as_github_describes_it(judged: GitHub) -> None:
    release = judged.release("v1/2", "Notes")
    judged.comment(NUMBER, "of somebody who is gone", None)

    created = ask(judged, "POST", f"issues/{NUMBER}/comments", json={"body": "Hello"}).json()
    comment = f"issues/comments/{created['id']}"
    statuses = [
        ask(judged, *request).status_code
        for request in (
            ("GET", f"issues/{NUMBER}/comments?per_page=1"),
            ("GET", "issues/8/comments"),
            ("GET", "pulls?state=open&head=stranger:feature/tone"),
            ("GET", f"releases/{release.id}"),
            ("GET", "releases/tags/v1%2F2"),
            ("GET", "releases/tags/v3"),
        )
    ]
    updated = ask(judged, "PATCH", comment, json={"body": "Hello again"})
    refused = ask(judged, "PATCH", comment, json={"body": ""})
    noted = ask(judged, "PATCH", f"releases/{release.id}", json={"body": "More"})
    deleted = ask(judged, "DELETE", comment)

    assert statuses == [200, 404, 200, 200, 200, 404]
    assert [each.status_code for each in (updated, refused, noted, deleted)] == [200, 422, 200, 204]
    assert judged.violations == []


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (("POST", f"issues/{NUMBER}/comments", {"json": {"body": 7}}), "must be string"),
        (("POST", f"issues/{NUMBER}/comments", {"json": {}}), "must have required property"),
        (("GET", "pulls?state=merged", {}), "must be equal to one of the allowed values"),
    ],
)
def test_a_request_that_github_does_not_describe_is_a_violation(
    judged: GitHub, request_: tuple[str, str, dict[str, Any]], said: str
) -> None:
    verb, path, more = request_
    ask(judged, verb, path, **more)

    (violation,) = judged.violations
    judged.violations.clear()
    assert said in violation


def test_an_answer_that_github_does_not_describe_is_a_violation(judged: GitHub) -> None:
    judged.comment(NUMBER, "Hello", Token("ann", "1"))  # type: ignore[arg-type]

    ask(judged, "GET", f"issues/{NUMBER}/comments")

    (violation,) = judged.violations
    judged.violations.clear()
    assert "must be integer" in violation


def test_a_violation_fails_the_test_that_caused_it() -> None:
    with pytest.raises(AssertionError, match="GET /repos/acme/agents/zen"), GitHub() as github:
        ask(github, "GET", "zen")


@pytest.mark.parametrize("path", ["zen", f"issues/{NUMBER}/comments?sort=created"])
def test_what_the_api_does_not_have_is_a_violation(github: GitHub, path: str) -> None:
    assert ask(github, "GET", path).status_code == 404
    assert github.violations.pop()


def test_another_repository_is_a_violation(github: GitHub) -> None:
    address = github.site.repository_api.replace("agents", "other")
    token = {"Authorization": f"Bearer {github.tokens.job.value}"}

    assert requests.get(f"{address}/pulls", headers=token, timeout=30).status_code == 404
    assert "/repos/acme/other/pulls" in github.violations.pop()


def test_every_page_links_to_its_neighbours(github: GitHub) -> None:
    for number in range(5):
        github.comment(NUMBER, str(number), None)

    answer = ask(github, "GET", f"issues/{NUMBER}/comments?per_page=2")
    seen, relations = [], []
    while True:
        seen += [comment["body"] for comment in answer.json()]
        relations.append(set(answer.links))
        if "next" not in answer.links:
            break
        token = {"Authorization": f"Bearer {github.tokens.job.value}"}
        answer = requests.get(answer.links["next"]["url"], headers=token, timeout=30)

    assert seen == list("01234")
    assert relations == [{"next", "last"}, {"prev", "first", "next", "last"}, {"prev", "first"}]


def test_a_page_has_thirty_unless_asked_and_a_hundred_at_most(github: GitHub) -> None:
    for number in range(101):
        github.comment(NUMBER, str(number), None)

    assert len(ask(github, "GET", f"issues/{NUMBER}/comments").json()) == 30
    assert len(ask(github, "GET", f"issues/{NUMBER}/comments?per_page=500").json()) == 100


def test_a_token_may_do_what_it_may(github: GitHub) -> None:
    release = github.release("v1")
    notes = github.tokens.job_with("contents")
    path = f"issues/{NUMBER}/comments"
    body = {"json": {"body": "Hello"}}

    refused = [
        ask(github, "POST", path, token, **body)
        for token in (github.tokens.read_only, notes, Token("x", 1))
    ]
    allowed = [
        ask(github, "POST", path, github.tokens.person, **body),
        ask(github, "PATCH", f"releases/{release.id}", notes, **body),
        ask(github, "GET", path, github.tokens.read_only),
    ]

    assert [answer.status_code for answer in refused] == [403, 403, 401]
    assert refused[0].json()["message"] == "Resource not accessible by integration"
    assert [answer.status_code for answer in allowed] == [201, 200, 200]
    assert [comment.author for comment in github.comments(NUMBER)] == [github.tokens.person]


def test_limits_and_faults(github: GitHub) -> None:
    github.faults.add(Fault("GET", "/pulls", status=502))

    first, second = ask(github, "GET", "pulls"), ask(github, "GET", "pulls")
    github.rate_limit.use_up(60)
    third = ask(github, "GET", "pulls")

    assert [answer.status_code for answer in (first, second, third)] == [502, 200, 403]
    assert second.headers["X-RateLimit-Remaining"] == "4999"
    assert third.headers["X-RateLimit-Remaining"] == "0"
    assert "API rate limit exceeded" in third.json()["message"]
