"""Reports of forks' runs, posted by the real program: whatever they say, and however many."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doubles.databricks.request import Answer
from doubles.databricks.server import Server
from doubles.github import GitHub
from doubles.runner import Event, Step
from entrypoint.github import marker
from entrypoint.report.result import Result
from tests import samples
from tests.integration.conftest import Checkout

NUMBER = 9
TARGET = samples.FORK.target


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        github.pull(NUMBER, "e" * 40, head_repo="mallory/agents", author="mallory")
        yield github


@pytest.fixture
def folder(checkout: Checkout) -> Path:
    return checkout.folder / "report"


def write(folder: Path, result: Result) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps(result.as_json()))


def relay(
    checkout: Checkout,
    github: GitHub,
    folder: Path,
    env: dict[str, str] | None = None,
    conclusion: str = "success",
) -> Step:
    checkout.runner.event = Event(
        "workflow_run", "refs/heads/main", github.workflow_run_payload(NUMBER, conclusion)
    )
    inputs = {"report-path": f"{checkout.name}/{folder.name}"}
    return checkout.runner.run(inputs, env=env or github.env)


def test_a_fork_can_t_overwrite_what_was_said_of_an_agent(
    checkout: Checkout, github: GitHub, folder: Path
) -> None:
    own = f"{marker.begin(TARGET)}\n<!-- log-agent says: f -->\n## ❌ can't be registered"
    github.comment(NUMBER, own, github.tokens.job)
    other = f"{marker.of_forks_run('eve/agents', TARGET)}\n<!-- log-agent says: f -->\n## ❌"
    github.comment(NUMBER, other, github.tokens.job)
    write(folder, samples.FORK)

    step = relay(checkout, github, folder)

    assert step.status == 0, step.log
    first, second, relayed = github.comments(NUMBER)
    assert (first.body, second.body) == (own, other)
    assert f"✅ `{TARGET}` can be registered" in relayed.body
    assert "Reported by the run of a pull request from `mallory/agents`" in relayed.body


def test_a_run_gets_ten_comments(checkout: Checkout, github: GitHub, folder: Path) -> None:
    for push in "ab":
        for number in range(150):
            write(folder / str(number), replace(samples.FORK, target=f"prod.{push}.m{number}"))

        step = relay(checkout, github, folder)

        assert step.status == 0, step.log
        assert "140 more reports are not on the pull request" in "".join(step.commands("warning"))
        comments = github.comments(NUMBER)
        assert len(comments) == 10
        assert all(f"`prod.{push}.m" in comment.body for comment in comments)


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "startup_failure"])
def test_a_comment_is_no_greener_than_the_run(
    checkout: Checkout, github: GitHub, folder: Path, conclusion: str
) -> None:
    write(folder, replace(samples.FORK, workflow_run_conclusion="success"))

    steps = [relay(checkout, github, folder, conclusion=each) for each in ("success", conclusion)]

    assert [step.status for step in steps] == [0, 0], steps
    (comment,) = github.comments(NUMBER)
    assert f"\n## ❌ The workflow run for `{TARGET}` ended as `{conclusion}`\n" in comment.body
    assert "names no problem, so the run failed before or after it" in comment.body


def test_a_run_without_a_report_is_told_until_there_is_one(
    checkout: Checkout, github: GitHub, folder: Path
) -> None:
    step = relay(checkout, github, folder, conclusion="cancelled")

    (comment,) = github.comments(NUMBER)
    assert step.status == 0, step.log
    assert "\n## ❌ The workflow run ended as `cancelled` and left no report\n" in comment.body
    assert "✅" not in comment.body
    assert f"issuecomment-{comment.id}" in step.outputs["comment-url"]

    write(folder, samples.FORK)
    relay(checkout, github, folder)

    (comment,) = github.comments(NUMBER)
    assert f"✅ `{TARGET}` can be registered" in comment.body


def test_what_failed_is_not_called_another_failure(
    checkout: Checkout, github: GitHub, folder: Path
) -> None:
    write(folder, replace(samples.FORK, problems=samples.FAILED.problems))

    relay(checkout, github, folder, conclusion="failure")

    (comment,) = github.comments(NUMBER)
    assert f"❌ `{TARGET}` can't be registered like this" in comment.body


def test_several_pull_requests_of_a_run_share_its_ten(
    checkout: Checkout, github: GitHub, folder: Path
) -> None:
    github.pull(10, "e" * 40, head_repo="mallory/agents", base="next")
    for number in range(6):
        write(folder / str(number), replace(samples.FORK, target=f"prod.agents.m{number}"))

    step = relay(checkout, github, folder)

    assert step.status == 0, step.log
    assert [len(github.comments(number)) for number in (NUMBER, 10)] == [6, 4]
    assert "2 more reports are not on the pull request" in "".join(step.commands("warning"))


def test_what_can_t_be_read_keeps_no_other_report_back(
    checkout: Checkout, github: GitHub, folder: Path
) -> None:
    write(folder, samples.FORK)
    (folder / "a").mkdir()
    (folder / "a/result.json").symlink_to("/etc/passwd")
    (folder / "b").symlink_to("/etc")

    step = relay(checkout, github, folder)

    assert step.status == 1
    assert len(github.comments(NUMBER)) == 1
    assert len(step.commands("error")) == 1


@pytest.mark.parametrize("link", ["#", "?page=1", "http://127.0.0.1:9/elsewhere", "http://["])
def test_pages_that_never_end_fail_the_job(checkout: Checkout, folder: Path, link: str) -> None:
    write(folder, samples.FORK)
    with GitHub() as github:
        github.pull(NUMBER, "e" * 40, head_repo="mallory/agents")
        server = Server(0, lambda *_: Answer([], headers={"Link": f'<{link}>; rel="next"'}))
        server.start()
        try:
            env = {**github.env, "GITHUB_API_URL": server.address}
            step = relay(checkout, github, folder, env)
        finally:
            server.stop()

    assert step.status == 1
    assert "not GitHub's REST API" in step.log
    assert "Traceback" not in step.log
