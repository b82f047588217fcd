import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from entrypoint.errors import InputFailure
from entrypoint.event import Event

SHA = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"
PAYLOAD = {"repository": {"full_name": "acme/agents", "default_branch": "main"}}
PULL_REQUEST = {
    **PAYLOAD,
    "action": "synchronize",
    "pull_request": {"number": 7, "head": {"sha": "f" * 40, "ref": "feature/tone"}},
}


def event(name: str, ref: str = "", payload: Mapping[str, Any] = PAYLOAD) -> Event:
    return Event(name, "acme/agents", SHA, ref, "42", payload=payload)


PUSH = event("push", "refs/heads/main")
PULL = event("pull_request", "refs/pull/7/merge", PULL_REQUEST)
TAG = event("push", "refs/tags/v2.0")


@pytest.mark.parametrize(
    ("name", "ref", "mode"),
    [
        ("pull_request", "refs/pull/7/merge", "preview"),
        ("push", "refs/heads/main", "register"),
        ("push", "refs/heads/topic", "preview"),
        ("push", "refs/heads/x/main", "preview"),
        ("push", "refs/tags/v2.0", "register"),
        ("push", "refs/tags/main", "register"),
        ("workflow_dispatch", "refs/heads/topic", "register"),
        ("schedule", "refs/heads/main", "register"),
        ("release", "refs/tags/v2.0", "register"),
        ("merge_group", "refs/heads/gh-readonly-queue/main/pr-7", "preview"),
        ("", "", "preview"),
    ],
)
def test_auto_means(name: str, ref: str, mode: str) -> None:
    assert event(name, ref).mode == mode


@pytest.mark.parametrize(
    ("ref", "payload"),
    [
        ("refs/heads/main", {}),
        ("refs/heads/main", {"repository": "acme/agents"}),
        pytest.param("refs/notes/commits", {}),
    ],
)
def test_a_push_whose_default_branch_is_not_known_registers_nothing(
    ref: str, payload: Mapping[str, Any]
) -> None:
    assert event("push", ref, payload).mode == "preview"


@pytest.mark.parametrize(
    ("name", "payload", "why"),
    [
        ("pull_request", {"action": "closed"}, "the pull request is closed"),
        ("push", {"deleted": True}, "refs/heads/topic was deleted"),
        ("release", {"action": "edited"}, "the release was edited; "),
        ("release", {"action": "created"}, "the release was created; "),
        ("release", {"action": "deleted"}, "the release was deleted; "),
    ],
)
def test_there_is_nothing_to_do(name: str, payload: Mapping[str, Any], why: str) -> None:
    assert event(name, "refs/heads/topic", payload).nothing_to_do.startswith(why)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("pull_request", {"action": "opened"}),
        ("pull_request", {"action": "synchronize"}),
        ("push", {"deleted": False}),
        ("push", {}),
        ("release", {"action": "published"}),
        ("release", {"action": "released"}),
        ("schedule", {}),
        ("", {}),
    ],
)
def test_there_is_something_to_do(name: str, payload: Mapping[str, Any]) -> None:
    assert event(name, "refs/heads/topic", payload).nothing_to_do == ""


@pytest.mark.parametrize(
    "name",
    ["", "pull_request", "push", "merge_group", "schedule", "workflow_dispatch", "release"],
)
def test_builds_on_events_that_carry_accepted_code_or_no_secrets(name: str) -> None:
    event(name).check_may_build()


@pytest.mark.parametrize(
    "name",
    [
        "pull_request_target",
        "pull_request_review",
        "issue_comment",
        "workflow_run",
        "repository_dispatch",
        "an_event_of_tomorrow",
    ],
)
def test_refuses_events_that_may_carry_a_strangers_code(name: str) -> None:
    with pytest.raises(InputFailure) as raised:
        event(name).check_may_build()

    (problem,) = raised.value.problems
    assert f"`{name}`" in problem.what
    assert "on:\n      pull_request:" in problem.fix


def test_the_commit_of_a_pull_request_is_its_head_and_not_the_merge() -> None:
    assert PULL.commit == "f" * 40
    assert PUSH.commit == SHA


@pytest.mark.parametrize(
    "payload",
    [{}, {"pull_request": None}, {"pull_request": {}}, {"pull_request": {"head": None}}],
)
def test_without_a_head_the_commit_is_the_jobs(payload: Mapping[str, Any]) -> None:
    pull_request = event("pull_request", "refs/pull/7/merge", payload)

    assert (pull_request.commit, pull_request.branch) == (SHA, "")


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        (
            PULL,
            {"sha": "f" * 40, "short-sha": "f" * 7, "branch": "feature/tone", "tag": "", "pr": "7"},
        ),
        (PUSH, {"sha": SHA, "short-sha": SHA[:7], "branch": "main", "tag": "", "pr": ""}),
        (TAG, {"sha": SHA, "short-sha": SHA[:7], "branch": "", "tag": "v2.0", "pr": ""}),
    ],
    ids=["pull request", "push", "tag"],
)
def test_facts(told: Event, facts: Mapping[str, str]) -> None:
    assert told.facts == {**facts, "run-id": "42"}


def test_the_runs_page_is_on_the_server_of_the_repository() -> None:
    assert PUSH.run_url == "https://github.com/acme/agents/actions/runs/42"
    assert Event(run_id="42").run_url == ""


def test_off_github_nothing_is_known() -> None:
    off_github = Event.from_environ({})

    assert off_github == Event()
    assert set(off_github.facts.values()) == {""}
    assert off_github.run_url == ""


def test_is_read_from_the_runners_variables_and_payload(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(PULL_REQUEST))

    read = Event.from_environ(
        {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_REPOSITORY": "acme/agents",
            "GITHUB_RUN_ID": "42",
            "GITHUB_SERVER_URL": "https://git.acme.com",
            "GITHUB_SHA": SHA,
        }
    )

    assert read == replace(PULL, server_url="https://git.acme.com")
    assert read.run_url == "https://git.acme.com/acme/agents/actions/runs/42"


@pytest.mark.parametrize(
    ("repository", "author", "expected"),
    [
        ({"full_name": "acme/agents"}, "ann", False),
        ({"full_name": "acme/agents"}, "dependabot[bot]", True),
        ({"full_name": "stranger/agents"}, "ann", True),
        (None, "ann", True),
    ],
)
def test_a_strangers_pull_request_gets_no_secrets(
    repository: Mapping[str, str] | None, author: str, *, expected: bool
) -> None:
    pull_request = {"head": {"sha": "f" * 40, "repo": repository}, "user": {"login": author}}
    payload = {**PULL_REQUEST, "pull_request": pull_request}

    assert event("pull_request", payload=payload).is_without_secrets is expected
    assert not PUSH.is_without_secrets


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"\xff", b"[]"], ids=["missing", "empty", "cut", "bytes", "list"]
)
def test_a_broken_event_file_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "event.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputFailure) as raised:
        Event.from_environ({"GITHUB_EVENT_PATH": str(path)})

    (problem,) = raised.value.problems
    assert problem.what.startswith(f"GITHUB_EVENT_PATH: `{path}` ")
