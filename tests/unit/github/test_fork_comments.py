"""The comments for the runs of forks: which they are, how many, and what they leave alone."""

from collections.abc import Iterator, Sequence

import pytest

from doubles.github import GitHub
from entrypoint.github import marker
from entrypoint.github.api import Api
from entrypoint.github.api_errors import GitHubError
from entrypoint.github.comments import Comment
from entrypoint.github.fork_comments import COMMENTS_PER_RUN, ForkComment
from entrypoint.github.marker import Posted

FORK = "mallory/agents"
KEY = "prod.agents.support"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        github.pull(7)
        yield github


def post(
    github: GitHub,
    key: str = KEY,
    *,
    repository: str = FORK,
    keys: Sequence[str] = (),
    only_if_there: bool = False,
) -> Posted | None:
    with Api(github.site.api, github.repository, github.tokens.job.value, backoff=0) as api:
        comment = ForkComment(api, 7, repository, key, keys or [key])
        return comment.post(f"about {key}", "f", only_if_there=only_if_there)


def told(github: GitHub) -> list[str]:
    """What the comments say, without their markers."""
    return [comment.body.split("\n", 2)[-1] for comment in github.comments(7)]


def run(github: GitHub, *keys: str) -> None:
    """Report on several targets, as one run does."""
    for key in keys:
        post(github, key, keys=keys)


def test_is_created_then_updated_then_left_alone(github: GitHub) -> None:
    first = post(github)
    again = post(github)

    assert first
    assert again
    assert (first.did, again.did) == ("created", "unchanged")
    assert told(github) == [f"about {KEY}"]


def test_a_report_takes_the_place_of_what_says_that_there_was_none(github: GitHub) -> None:
    post(github, "")
    run(github, "one", "two")

    assert told(github) == ["about one", "about two"]


def forged() -> list[str]:
    """Targets with which a fork could want to meet a comment that isn't for it."""
    other = marker.of_forks_run("eve/agents", KEY)
    return [
        KEY,
        f"{KEY} -->",
        marker.begin(KEY),
        f"--> {marker.begin(KEY)}",
        other,
        other.removeprefix("<!-- log-agent relayed: ").removesuffix(" -->"),
        f"\n{marker.begin(KEY)}\n",
        "../../eve/agents",
        "",
    ]


@pytest.mark.parametrize("key", forged())
def test_no_other_comment_is_touched(github: GitHub, key: str) -> None:
    with Api(github.site.api, github.repository, github.tokens.job.value) as api:
        Comment(api, 7, KEY).post("of the job's own", "f")
        Comment(api, 7, f"relayed: {FORK} {KEY}").post("of the job's own", "f")
    post(github, repository="eve/agents")
    post(github, repository="mallory/agents-2")
    post(github, repository="mallory/agent")
    github.comment(7, marker.of_forks_run(FORK, key), github.tokens.person)
    before = [comment.body for comment in github.comments(7)]

    posted = post(github, key)

    assert posted
    assert posted.did == "created"
    assert [comment.body for comment in github.comments(7)][:-1] == before


def test_the_job_s_own_comment_never_is_a_forks(github: GitHub) -> None:
    post(github)

    with Api(github.site.api, github.repository, github.tokens.job.value) as api:
        for key in (KEY, marker.of_forks_run(FORK, KEY), f"relayed: {FORK}"):
            posted = Comment(api, 7, key).post("of the job's own", "f")
            assert posted
            assert posted.did == "created"

    assert told(github)[0] == f"about {KEY}"


@pytest.mark.parametrize("key", ["x" * 100_000, "\ud800", "<!-- --> @acme/owners \n\u202e"])
def test_nothing_of_a_key_is_in_the_marker(key: str) -> None:
    line = marker.of_forks_run(FORK, key)

    assert len(line) == len(marker.of_forks_run(FORK, KEY))
    assert line.isascii()
    assert line.count("-->") == 1


def test_a_fork_has_ten_whatever_it_calls_its_agents(github: GitHub) -> None:
    for number in range(3):
        run(github, *(f"{number}.{each}" for each in range(COMMENTS_PER_RUN)))
    run(github, "3.0", "3.1")

    assert told(github) == ["about 3.0", "about 3.1", *(f"about 2.{each}" for each in range(2, 10))]
    assert len([call for call in github.writes if call.verb == "POST"]) == COMMENTS_PER_RUN


def test_what_the_run_reports_on_is_not_taken_over(github: GitHub) -> None:
    run(github, *map(str, range(COMMENTS_PER_RUN)))

    run(github, "new", *map(str, range(COMMENTS_PER_RUN - 1)))

    assert told(github) == [*(f"about {each}" for each in range(COMMENTS_PER_RUN - 1)), "about new"]


def test_too_many_are_removed(github: GitHub) -> None:
    for number in range(COMMENTS_PER_RUN + 5):
        github.comment(7, f"{marker.of_forks_run(FORK, f'old {number}')}\n\nold", github.tokens.job)

    run(github, "new")

    assert told(github) == ["about new", *["old"] * (COMMENTS_PER_RUN - 1)]


def test_another_fork_s_are_not_taken_over(github: GitHub) -> None:
    """Such as those from before the fork got another name: it could get one for each run."""
    for number in range(COMMENTS_PER_RUN):
        post(github, str(number), repository="mallory/renamed")
    before = told(github)

    with pytest.raises(GitHubError, match="has 10 comments for forks' runs"):
        post(github)

    assert told(github) == before


def test_none_is_made_where_only_what_is_there_is_updated(github: GitHub) -> None:
    run(github, *map(str, range(COMMENTS_PER_RUN)))

    assert post(github, only_if_there=True) is None
    assert f"about {KEY}" not in told(github)
