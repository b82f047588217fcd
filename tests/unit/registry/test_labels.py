from importlib.metadata import version

import pytest

from entrypoint.inputs.event import Event
from entrypoint.inputs.workspace import Workspace
from entrypoint.registry.labels import Labels
from entrypoint.runtime.errors import InputFailure
from tests.unit.conftest import AGENT, read, write
from tests.unit.inputs.test_event import PULL, PUSH, SHA, TAG, event

OFF_GITHUB = Event()
REPOSITORY = "https://github.com/acme/agents"


def labels(workspace: Workspace, event: Event = PUSH, **inputs: str) -> Labels:
    checked = read(workspace, **inputs)
    return Labels.make(checked, event, workspace.relative(checked.agent_path), "checkout")


def said(workspace: Workspace, event: Event = PUSH, **inputs: str) -> list[str]:
    with pytest.raises(InputFailure) as raised:
        labels(workspace, event, **inputs)
    return [problem.what for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("event", "text", "alias", "tag"),
    [
        (PUSH, "champion", "champion", "champion"),
        (PUSH, "at-{sha}", f"at-{SHA}", f"at-{SHA}"),
        (PUSH, "{short-sha}_{run-id}", f"{SHA[:7]}_42", f"{SHA[:7]}_42"),
        (PULL, "pr-{pr}", "pr-7", "pr-7"),
        (PULL, "{branch}", "feature-tone", "feature/tone"),
        (PULL, "{sha}", "f" * 40, "f" * 40),
        (TAG, "release-{tag}", "release-v2-0", "release-v2.0"),
        (event("push", "refs/heads/{pr}"), "on-{branch}", "on--pr-", "on-{pr}"),
    ],
)
def test_placeholders_are_filled_in(
    workspace: Workspace, event: Event, text: str, alias: str, tag: str
) -> None:
    made = labels(workspace, event, aliases=text, tags=f"key={text}")

    assert made.aliases == (alias,)
    assert made.tags["key"] == tag


@pytest.mark.parametrize("name", ["aliases", "tags"])
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x-{commit}", "`x-{commit}`: `{commit}` is not known. Known are `{sha}`, `{short-sha}`,"),
        ("pr-{pr}", "`pr-{pr}`: this event has no `pr`, so `{pr}` is empty."),
        ("{tag}", "`{tag}`: this event has no `tag`, so `{tag}` is empty."),
    ],
)
def test_placeholders_that_say_nothing_are_refused(
    workspace: Workspace, name: str, text: str, what: str
) -> None:
    given = text if name == "aliases" else f"key={text}"

    (problem,) = said(workspace, PUSH, **{name: given})

    assert problem.startswith(f"`{name}`: {what}")


@pytest.mark.parametrize("text", ["{short_sha}", "{SHA}", "{PR}"])
def test_a_mistyped_placeholder_does_not_become_a_tag(workspace: Workspace, text: str) -> None:
    (problem,) = said(workspace, tags=f"build={text}")

    assert f"`{text}` is not known" in problem


def test_every_wrong_alias_and_tag_is_told_at_once(workspace: Workspace) -> None:
    found = said(
        workspace,
        aliases="champion\nlatest\na b",
        tags=f"team.name=x\nnote={'v' * 1001}\nbuild={{tag}}\nok=1",
    )

    assert [text.split("`")[1] for text in found] == ["aliases"] * 2 + ["tags"] * 3
    assert [text.split("`")[3] for text in found] == ["latest", "a b", "team.name", "note", "{tag}"]


def test_an_alias_that_is_given_twice_is_set_once(workspace: Workspace) -> None:
    made = labels(workspace, aliases="champion\n{branch}\nmain\nchampion")

    assert made.aliases == ("champion", "main")


@pytest.mark.parametrize(
    ("event", "tags"),
    [
        (
            PULL,
            {
                "git_commit": "f" * 40,
                "git_repository": "acme/agents",
                "git_ref": "refs/pull/7/merge",
                "pull_request": "7",
                "github_run_id": "42",
            },
        ),
        (
            TAG,
            {
                "git_commit": SHA,
                "git_repository": "acme/agents",
                "git_ref": "refs/tags/v2.0",
                "release_tag": "v2.0",
                "github_run_id": "42",
            },
        ),
        (OFF_GITHUB, {}),
    ],
    ids=["pull request", "tag", "off GitHub"],
)
def test_tags_say_where_a_version_comes_from(
    workspace: Workspace, event: Event, tags: dict[str, str]
) -> None:
    made = labels(workspace, event, tags="team=search")

    ours = {**tags, "log_agent_version": version("log-agent")}
    commits = {"git_commits": tags["git_commit"]} if tags else {}
    assert made.tags == {**ours, **commits, "team": "search"}
    assert made.run_tags.items() >= ours.items()
    assert "team" not in made.run_tags


@pytest.mark.parametrize(
    ("event", "tags"),
    [
        (PUSH, {"mlflow.source.type": "JOB", "mlflow.source.git.commit": SHA}),
        (OFF_GITHUB, {"mlflow.source.type": "LOCAL"}),
    ],
    ids=["GitHub", "off GitHub"],
)
def test_the_run_says_its_source_in_mlflows_words(
    workspace: Workspace, event: Event, tags: dict[str, str]
) -> None:
    made = labels(workspace, event).run_tags

    mlflows = {key: value for key, value in made.items() if key.startswith("mlflow.")}
    assert mlflows == {"mlflow.source.name": AGENT, **tags}


@pytest.mark.parametrize(
    ("event", "given", "experiment"),
    [
        (PUSH, "", "/Shared/acme-agents"),
        (OFF_GITHUB, "", "/Shared/checkout"),
        (PUSH, "/Users/me/trial", "/Users/me/trial"),
        (PUSH, "/Workspace/Shared/trial", "/Shared/trial"),
        (PUSH, "/Workspaces/trial", "/Workspaces/trial"),
    ],
)
def test_the_experiment_is_named_after_the_repository_unless_given(
    workspace: Workspace, event: Event, given: str, experiment: str
) -> None:
    assert labels(workspace, event, experiment=given).experiment == experiment


@pytest.mark.parametrize(
    ("folder", "target", "name"),
    [
        ("agents/support", "prod.agents.helpdesk", "helpdesk"),
        ("agents/support", "", "support"),
        ("agents/v1.2 %'beta'", "", "v1-2 --beta-"),
        (".", "", "agents"),
    ],
)
def test_the_logged_model_is_named_as_mlflow_allows(
    workspace: Workspace, folder: str, target: str, name: str
) -> None:
    write(workspace, f"{folder}/agent.py", "")

    made = labels(workspace, agent_path=f"{folder}/agent.py", uc_target=target)

    assert made.logged_model_name == name
    assert made.run_name == f"{name} {SHA[:7]}"


@pytest.mark.parametrize(
    ("event", "description"),
    [
        (
            PUSH,
            (
                f"`{AGENT}` at [{SHA[:7]}]({REPOSITORY}/commit/{SHA}), logged by log-agent in"
                f" [this run]({REPOSITORY}/actions/runs/42)."
            ),
        ),
        (Event(sha=SHA), f"`{AGENT}` at {SHA[:7]}, logged by log-agent."),
        (OFF_GITHUB, f"`{AGENT}`, logged by log-agent."),
    ],
    ids=["GitHub", "a commit", "nothing"],
)
def test_the_description_says_in_one_line_what_came_from_where(
    workspace: Workspace, event: Event, description: str
) -> None:
    assert labels(workspace, event).description == description


def test_what_log_agent_says_on_the_version_is_not_overwritten(workspace: Workspace) -> None:
    (problem,) = said(workspace, tags="git_commit=another\nteam=search")

    assert problem == "`tags`: log-agent sets git_commit itself."


def test_more_tags_than_unity_catalog_takes_are_refused(workspace: Workspace) -> None:
    (problem,) = said(workspace, tags="\n".join(f"key{number}=x" for number in range(50)))

    assert "50 are too many" in problem
