import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doubles.github.payloads import examples, of_fork
from entrypoint.inputs.event import Event
from entrypoint.inputs.workflow_run import WorkflowRun
from entrypoint.runtime.errors import InputFailure
from tests.tools import require

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
        ("workflow_dispatch", "refs/heads/main", "register"),
        ("workflow_dispatch", "refs/heads/topic", "preview"),
        ("workflow_dispatch", "refs/heads/champion", "preview"),
        ("workflow_dispatch", "refs/heads/x/main", "preview"),
        ("workflow_dispatch", "refs/tags/v2.0", "preview"),
        ("workflow_dispatch", "refs/tags/main", "preview"),
        ("schedule", "refs/heads/main", "register"),
        ("release", "refs/tags/v2.0", "register"),
        ("merge_group", "refs/heads/gh-readonly-queue/main/pr-7", "preview"),
        ("workflow_run", "refs/heads/main", "comment"),
        ("pull_request_target", "refs/heads/main", "preview"),
        ("issue_comment", "refs/heads/main", "preview"),
        ("", "", "preview"),
    ],
)
def test_auto_means(name: str, ref: str, mode: str) -> None:
    assert event(name, ref).mode_for("auto") == mode


@pytest.mark.parametrize(
    ("name", "ref", "mode"),
    [
        ("release", "refs/tags/v2.0", "promote"),
        ("push", "refs/tags/v2.0", "promote"),
        ("push", "refs/heads/main", "register"),
        ("push", "refs/heads/topic", "preview"),
        ("pull_request", "refs/pull/7/merge", "preview"),
        ("workflow_dispatch", "refs/heads/main", "register"),
        ("workflow_dispatch", "refs/tags/v2.0", "preview"),
        ("workflow_run", "refs/heads/main", "comment"),
    ],
)
def test_auto_means_to_promote_where_a_release_says_what(name: str, ref: str, mode: str) -> None:
    assert event(name, ref).mode_for("auto", has_source=True) == mode


def test_what_is_asked_for_is_done() -> None:
    assert TAG.mode_for("preview", has_source=True) == "preview"
    assert PULL.mode_for("register") == "register"


@pytest.mark.parametrize("name", ["push", "workflow_dispatch"])
@pytest.mark.parametrize(
    ("ref", "payload"),
    [
        ("refs/heads/main", {}),
        ("refs/heads/main", {"repository": "acme/agents"}),
        ("refs/heads/", {"repository": {"default_branch": ""}}),
        ("refs/notes/commits", {}),
    ],
)
def test_where_the_default_branch_is_not_known_nothing_is_registered(
    name: str, ref: str, payload: Mapping[str, Any]
) -> None:
    assert event(name, ref, payload).mode_for("auto") == "preview"


@pytest.mark.parametrize("ref", ["refs/heads/topic", "refs/heads/champion", "refs/tags/v2.0"])
def test_a_manual_run_of_what_nobody_reviewed_says_how_to_register(ref: str) -> None:
    notice = event("workflow_dispatch", ref).preview_notice("auto")

    assert notice
    assert f"on `{ref}`: it is a preview" in notice.what
    assert "gh workflow run <workflow> --ref main" in notice.fix
    assert "mode: register" in notice.fix


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        (event("workflow_dispatch", "refs/heads/main"), "auto"),
        (event("workflow_dispatch", "refs/heads/topic"), "preview"),
        (event("workflow_dispatch", "refs/heads/topic"), "register"),
        (event("push", "refs/heads/topic"), "auto"),
        (PULL, "auto"),
    ],
)
def test_what_was_to_be_expected_is_not_explained(told: Event, asked: str) -> None:
    assert told.preview_notice(asked) is None


@pytest.mark.parametrize(
    ("name", "payload", "why"),
    [
        ("pull_request", {"action": "closed"}, "the pull request is closed"),
        ("pull_request_target", {"action": "closed"}, "the pull request is closed"),
        ("push", {"deleted": True}, "refs/heads/topic was deleted"),
        ("workflow_run", {"action": "requested"}, "the workflow run was requested; "),
        ("workflow_run", {"action": "in_progress"}, "the workflow run was in_progress; "),
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
        ("pull_request_target", {"action": "reopened"}),
        ("workflow_run", {"action": "completed"}),
        ("issue_comment", {"action": "created"}),
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


def test_a_deleted_tag_is_nothing_to_do() -> None:
    deleted = event("push", "refs/tags/v2.0", {"deleted": True})

    assert deleted.nothing_to_do == "refs/tags/v2.0 was deleted"


BUILDS = ["pull_request", "push", "merge_group", "schedule", "workflow_dispatch", "release"]
# https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
OTHERS = [
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "milestone",
    "page_build",
    "public",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "registry_package",
    "repository_dispatch",
    "status",
    "watch",
    "workflow_call",
    "workflow_run",
    "an_event_of_tomorrow",
    "Push",
    "pull_request ",
]


@pytest.mark.parametrize("name", BUILDS)
def test_agents_are_built_on(name: str) -> None:
    event(name).check_may_build()
    replace(event(name), on_github=True).check_may_build()


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("payload", [PAYLOAD, PULL_REQUEST])
def test_on_no_other_event_is_an_agent_built(name: str, payload: Mapping[str, Any]) -> None:
    with pytest.raises(InputFailure) as raised:
        event(name, "refs/heads/main", payload).check_may_build()

    (problem,) = raised.value.problems
    assert f"builds no agent on `{name}`" in problem.what
    assert "on: pull_request\n" in problem.fix
    assert "workflow_run:" in problem.fix
    assert "mode: comment" in problem.fix
    assert "`workflow_dispatch`" in problem.fix


def test_only_off_github_may_an_event_have_no_name() -> None:
    Event().check_may_build()
    Event.from_environ({"GITHUB_ACTIONS": "false"}).check_may_build()

    for environ in ({}, {"GITHUB_EVENT_NAME": ""}, {"GITHUB_REF": "refs/heads/main"}):
        with pytest.raises(InputFailure, match="an event without a name"):
            Event.from_environ({"GITHUB_ACTIONS": "true", **environ}).check_may_build()


@pytest.mark.parametrize("name", ["pull_request_target", "pull_request_review", "issue_comment"])
def test_what_a_stranger_chose_is_no_label_and_no_commit(name: str) -> None:
    head = {"sha": "e" * 40, "ref": "champion", "repo": {"full_name": "stranger/agents"}}
    payload = {**PAYLOAD, "pull_request": {"number": 7, "head": head}}

    told = event(name, "refs/heads/main", payload)

    assert (told.commit, told.branch) == (SHA, "main")
    assert told.facts["branch"] == "main"
    assert told.mode_for("auto") == "preview"


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
    assert not event("pull_request_target", payload=payload).is_without_secrets
    assert not PUSH.is_without_secrets


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"\xff", b"[]", b'{"a":' * 900 + b"1" + b"}" * 900],
    ids=["missing", "empty", "cut", "bytes", "list", "nested"],
)
def test_a_broken_event_file_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "event.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputFailure) as raised:
        Event.from_environ({"GITHUB_EVENT_PATH": str(path)}).check_readable()

    (problem,) = raised.value.problems
    assert problem.what.startswith(f"GITHUB_EVENT_PATH: `{path}` ")


@pytest.mark.parametrize(
    ("told", "release"),
    [
        (event("release", "refs/tags/v2.0", {"release": {"id": 17, "tag_name": "v2.0"}}), 17),
        (event("release", "refs/tags/v2.0", {"release": None}), "v2.0"),
        (TAG, "v2.0"),
        (PUSH, None),
        (PULL, None),
        (Event(), None),
    ],
)
def test_the_release_is_known_by_its_id_else_by_its_tag(
    told: Event, release: int | str | None
) -> None:
    assert told.release == release


@pytest.mark.parametrize(
    "run",
    [{}, {"head_repository": None}, {"head_repository": {"owner": None}, "head_branch": None}],
)
def test_a_workflow_run_of_a_fork_that_is_gone_has_no_owner(run: Mapping[str, Any]) -> None:
    assert event("workflow_run", payload={"workflow_run": run}).workflow_run == WorkflowRun()
    assert PUSH.workflow_run is None


def test_githubs_examples_of_pull_requests_are_read() -> None:
    require("npm")
    payloads = examples("pull_request")
    assert len(payloads) > 20

    for payload in payloads:
        repository = payload["repository"]["full_name"]
        read = Event("pull_request", repository, SHA, "refs/pull/2/merge", payload=payload)
        fork = replace(read, payload=of_fork(payload))

        assert bool(read.nothing_to_do) is (payload["action"] == "closed")
        assert read.commit == payload["pull_request"]["head"]["sha"]
        assert read.facts["pr"] == str(payload["number"])
        is_dependabots = payload["pull_request"]["user"]["login"] == "dependabot[bot]"
        assert read.is_without_secrets is is_dependabots
        assert fork.is_without_secrets
        assert fork.commit == read.commit


def test_githubs_examples_of_workflow_runs_are_read() -> None:
    require("npm")
    payloads = examples("workflow_run")
    assert payloads

    for payload in payloads:
        read = event("workflow_run", payload=payload)
        fork = event("workflow_run", payload=of_fork(payload))
        assert read.workflow_run is not None
        assert fork.workflow_run is not None

        assert bool(read.nothing_to_do) is (payload["action"] != "completed")
        assert read.workflow_run.sha == payload["workflow_run"]["head_sha"]
        head = payload["workflow_run"]["head_repository"]
        assert read.workflow_run.repository == head["full_name"]
        assert (fork.workflow_run.repository, fork.workflow_run.branch) == (
            f"stranger/{head['name']}",
            read.workflow_run.branch,
        )
        assert not read.is_without_secrets


def test_githubs_examples_of_pushes_and_releases_are_read() -> None:
    require("npm")
    for payload in examples("push"):
        pushed = event("push", payload["ref"], payload)
        assert bool(pushed.nothing_to_do) is payload["deleted"]
    for payload in examples("release"):
        released = event("release", "refs/tags/v2.0", payload)
        assert bool(released.nothing_to_do) is (payload["action"] not in ("published", "released"))
        assert released.release == payload["release"]["id"]
