"""The block of a target in a release's notes."""

from collections.abc import Iterator

import pytest

from doubles.github import Fault, GitHub, Judge, Token
from entrypoint.github.api import Api
from entrypoint.github.api_errors import GitHubError
from entrypoint.github.marker import Posted
from entrypoint.github.releases import Notes

KEY = "prod.agents.support"
BEGIN = "<!-- log-agent: prod.agents.support -->"
END = "<!-- log-agent ends: prod.agents.support -->"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        yield github


def post(
    github: GitHub,
    release: int | str,
    block: str = "Model 7",
    key: str = KEY,
    token: Token | None = None,
) -> Posted | None:
    value = (token or github.tokens.job).value
    with Api(github.site.api, github.repository, value, backoff=0) as api:
        return Notes(api, release, key).post(block)


def test_is_added_then_updated_then_left_alone(judge: Judge) -> None:
    with GitHub(judge) as github:
        release = github.release("v1/2", "## What's new\r\n\r\nMuch.\r\n")

        done = [
            post(github, "v1/2"),
            post(github, release.id, "Model 8"),
            post(github, "v1/2", "Model 8"),
        ]

        assert release.body == f"## What's new\r\n\r\nMuch.\r\n\n\n{BEGIN}\nModel 8\n{END}"
        assert release.edits == 2
        page = f"{github.site.repository_page}/releases/tag/v1/2"
        assert done == [Posted(page, did) for did in ("created", "updated", "unchanged")]


@pytest.mark.parametrize("body", [None, "", " \n"])
def test_is_all_there_is_where_nobody_wrote_notes(github: GitHub, body: str | None) -> None:
    release = github.release("v1", body)

    post(github, "v1")

    assert release.body == f"{BEGIN}\nModel 7\n{END}"


def test_what_stands_around_it_stays(github: GitHub) -> None:
    release = github.release("v1", f"before\n{BEGIN}\nold\n{END}\nafter \\1\n")

    post(github, "v1", r"new \1 \g<0>")

    assert release.body == f"before\n{BEGIN}\nnew \\1 \\g<0>\n{END}\nafter \\1\n"


def test_a_block_that_a_person_cut_in_two_swallows_nothing(github: GitHub) -> None:
    release = github.release("v1", f"{BEGIN}\nmine now\n{BEGIN}\nold\n{END}\nafter")

    post(github, "v1")

    assert release.body == f"{BEGIN}\nmine now\n{BEGIN}\nModel 7\n{END}\nafter"


def test_what_another_target_s_code_says_is_no_block(github: GitHub) -> None:
    other = (
        f"<!-- log-agent: other -->\n```diff\n+{BEGIN}\n+{END}\n```\n<!-- log-agent ends: other -->"
    )
    release = github.release("v1", other)

    post(github, "v1")
    post(github, "v1", "Model 8")

    assert release.body == f"{other}\n\n{BEGIN}\nModel 8\n{END}"


def test_a_beginning_without_an_end_is_not_replaced(github: GitHub) -> None:
    release = github.release("v1", f"{BEGIN}\nmine now")

    post(github, "v1")

    assert release.body == f"{BEGIN}\nmine now\n\n{BEGIN}\nModel 7\n{END}"


def test_every_target_has_a_block(github: GitHub) -> None:
    release = github.release("v1", "Notes")

    for block in ("first", "second"):
        post(github, "v1", block)
        post(github, "v1", block, "prod.agents.sales")

    sales = f"{BEGIN}\nsecond\n{END}".replace("support", "sales")
    assert release.body == f"Notes\n\n{BEGIN}\nsecond\n{END}\n\n{sales}"


def test_a_block_edited_in_the_browser_is_the_same(github: GitHub) -> None:
    release = github.release("v1", "Notes")
    post(github, "v1", "one\n\ntwo")
    release.body = str(release.body).replace("\n", "\r\n")

    posted = post(github, "v1", "one\n\ntwo")

    assert posted is not None
    assert posted.did == "unchanged"


def test_two_jobs_at_once_keep_both_blocks(github: GitHub) -> None:
    release = github.release("v1", "Notes")

    def overwrite() -> None:
        # It has read the notes before ours were written.
        release.body = f"Notes\n\n{BEGIN}\nother\n{END}".replace("support", "sales")

    # Just before our second look.
    github.meanwhile("PATCH", "/releases", lambda: github.meanwhile("GET", "/releases", overwrite))

    posted = post(github, "v1")

    assert posted is not None
    assert posted.did == "created"
    assert "other" in str(release.body)
    assert "Model 7" in str(release.body)


def test_endless_overwriting_is_told(github: GitHub) -> None:
    release = github.release("v1", "Notes")

    def overwrite() -> None:
        release.body = "Notes"
        github.meanwhile("GET", "/releases", overwrite)

    github.meanwhile("GET", "/releases", overwrite)

    with pytest.raises(GitHubError, match="others overwrite them"):
        post(github, "v1")


def test_without_a_release_there_are_no_notes(github: GitHub) -> None:
    assert post(github, "v1") is None
    assert post(github, 4711) is None
    assert github.writes == []


def test_a_missing_permission_is_told_with_the_lines_to_add(github: GitHub) -> None:
    release = github.release("v1", "Notes")

    with pytest.raises(GitHubError) as raised:
        post(github, "v1", token=github.tokens.job_with("pull-requests"))

    (problem,) = raised.value.problems
    assert problem.what == (
        "log-agent can't write the notes of release v1: `github-token` lacks `contents: write`."
    )
    assert "    permissions:\n      contents: write\n" in problem.fix
    assert release.body == "Notes"


def test_notes_that_are_too_long_are_told_in_githubs_words(github: GitHub) -> None:
    release = github.release("v1", "x" * 124_990)

    with pytest.raises(GitHubError) as raised:
        post(github, "v1")

    assert "maximum is 125000 characters" in raised.value.problems[0].detail
    assert release.edits == 0


@pytest.mark.parametrize("fault", [Fault("PATCH", reset="after"), Fault("PATCH", status=502)])
def test_what_breaks_is_done_again(github: GitHub, fault: Fault) -> None:
    release = github.release("v1", "Notes")
    github.faults.add(fault)

    post(github, "v1")

    assert release.body == f"Notes\n\n{BEGIN}\nModel 7\n{END}"
