"""Previews of pull requests, over the real program: what is on the pull request afterwards."""

import html
import json
import re
from collections.abc import Iterator

import pytest

from doubles.github import Fault, GitHub, Judge
from doubles.runner import PUSH_TO_MAIN, REPOSITORY, Event, Step
from tests.integration.conftest import ECHO, Checkout

NUMBER = 7
LOUD = ECHO.replace("text = request.input[-1].content", "text = request.input[-1].content.upper()")
BROKEN = ECHO.replace("text = request.input[-1].content", "text = request.question")


@pytest.fixture
def github(judge: Judge) -> Iterator[GitHub]:
    with GitHub(judge) as github:
        github.pull(NUMBER)
        yield github


def event(github: GitHub, action: str = "synchronize", number: int = NUMBER) -> Event:
    payload = github.pull_request_payload(number, action)
    return Event("pull_request", f"refs/pull/{number}/merge", payload)


def preview(checkout: Checkout, github: GitHub, agent: str = ECHO, **inputs: str) -> Step:
    return checkout.run(agent, inputs, event=event(github), env=github.env)


def comment(github: GitHub, number: int = NUMBER) -> str:
    """The one comment that is there."""
    (written,) = github.comments(number)
    return written.body


def address(github: GitHub, number: int, index: int = 0) -> str:
    """Where people find a comment."""
    written = github.comments(number)[index]
    return f"{github.site.repository_page}/pull/{number}#issuecomment-{written.id}"


@pytest.fixture
def registered(checkout: Checkout) -> Checkout:
    """A checkout whose agent is registered, with an alias."""
    checkout.write("config.yml", "retriever:\n  k: 4\n")
    step = checkout.run(
        event=PUSH_TO_MAIN, aliases="champion", model_config=f"{checkout.name}/config.yml"
    )
    assert step.status == 0, step.log
    return checkout


def test_a_first_version(checkout: Checkout, github: GitHub) -> None:
    step = preview(checkout, github)

    assert step.status == 0, step.log
    assert f"✅ `{checkout.target}` would get its first version" in comment(github)
    assert step.outputs["comment-url"] == address(github, NUMBER)
    assert step.outputs["changed"] == "true"
    # Nothing was made outside of the runner but the comment.
    assert not (checkout.folder.parent / ".log-agent/mlflow.db").exists() or not checkout.versions()


@pytest.mark.exhaustive
def test_no_change_is_neither_built_nor_asked(registered: Checkout, github: GitHub) -> None:
    step = preview(registered, github, model_config=f"{registered.name}/config.yml")

    assert step.status == 0, step.log
    assert f"✅ `{registered.target}` would not change" in comment(github)
    assert "Build" not in step.log
    assert step.outputs["changed"] == "false"
    assert step.outputs["digest"] == step.result["comparison"]["baseline"]["digest"]


def test_a_change_of_each_kind(registered: Checkout, github: GitHub) -> None:
    registered.write("config.yml", "retriever:\n  k: 8\n")
    registered.write("requirements.txt", "mlflow==3.17.2\niniconfig==2.1.0\n")
    registered.write("lib/tone.py", "LOUD = True\n")
    registered.write("faq.txt", "How?\n")
    registered.write(
        "resources.yml",
        'api_version: "1"\ndatabricks:\n  serving_endpoint:\n  - name: claude\n'
        "  genie_space:\n  - name: 01f0a7c24be51f6b9d3e8a40c7d21b95\n    on_behalf_of_user: true\n"
        "user_auth_policy:\n  api_scopes: [dashboards.genie]\n",
    )

    step = preview(
        registered,
        github,
        LOUD,
        model_config=f"{registered.name}/config.yml",
        code_paths=f"{registered.name}/lib",
        artifacts=f"faq={registered.name}/faq.txt",
    )

    assert step.status == 0, step.log
    body = comment(github)
    for line in (
        f"## ✅ `{registered.target}` would get a new version",
        "| ➕ added | `claude` | serving endpoint | the agent | ⚠️ wider |",
        "| ➕ added | `dashboards.genie` | scope of the user's token | the user | ⚠️ wider |",
        "| `retriever.k` | `4` | `8` |",
        "-        text = request.input[-1].content",
        "+        text = request.input[-1].content.upper()",
    ):
        assert line in body.splitlines(), f"{line}\n\n{body}"
    assert re.search(r"^\| `iniconfig` \|  \| `2.1.0` \|", body, flags=re.MULTILINE)
    assert re.search(r"^\| ➕ added \| `faq`", body, flags=re.MULTILINE)
    assert "(`champion`, commit `0d1a26e`)" in body
    assert "/tone.py" in html.unescape(body)
    assert "```mermaid" in body
    assert step.outputs["changed"] == "true"
    assert "Wider access: claude" in step.log


@pytest.mark.exhaustive
def test_the_comment_is_brought_up_to_date_in_place(checkout: Checkout, github: GitHub) -> None:
    for number in range(3):
        github.comment(NUMBER, f"unrelated {number}", github.tokens.person)

    broken = preview(checkout, github, BROKEN)
    mended = preview(checkout, github)
    again = preview(checkout, github)

    assert (broken.status, mended.status, again.status) == (1, 0, 0)
    (written,) = github.comments(NUMBER)[3:]
    assert "would get its first version" in written.body
    urls = {step.outputs["comment-url"] for step in (broken, mended, again)}
    assert urls == {address(github, NUMBER, 3)}
    assert [call.verb for call in github.writes] == ["POST", "PATCH"], "the last run wrote too"


def test_an_agent_that_fails_is_explained(checkout: Checkout, github: GitHub) -> None:
    step = preview(checkout, github, BROKEN)

    assert step.status == 1
    body = comment(github)
    assert f"❌ `{checkout.target}` can't be registered like this" in body
    line = BROKEN[: BROKEN.index("request.question")].count("\n") + 1
    page = f"{github.site.pages}/acme/agents/blob/{'f' * 40}/{checkout.name}/agent.py#L{line}"
    assert page in body
    assert "AttributeError" in body


def test_wrong_inputs_are_told_on_the_pull_request_too(checkout: Checkout, github: GitHub) -> None:
    step = preview(checkout, github, verify="twice")

    assert step.status == 1
    assert "`verify`: `twice` is not one of" in comment(github)


@pytest.mark.exhaustive
def test_an_agent_that_changed_nothing_can_be_kept_quiet(
    registered: Checkout, github: GitHub
) -> None:
    config = f"{registered.name}/config.yml"

    same = preview(registered, github, model_config=config, comment="changes")
    assert github.comments(NUMBER) == []
    changed = preview(registered, github, LOUD, model_config=config, comment="changes")
    assert "would get a new version" in comment(github)
    back = preview(registered, github, model_config=config, comment="changes")

    assert [step.status for step in (same, changed, back)] == [0, 0, 0]
    assert "would not change" in comment(github), "what isn't true any more was left standing"


@pytest.mark.exhaustive
def test_a_comment_can_be_off(checkout: Checkout, github: GitHub) -> None:
    step = preview(checkout, github, comment="off")

    assert step.status == 0, step.log
    assert github.calls == []


@pytest.mark.exhaustive
def test_several_agents_have_a_comment_each(checkout: Checkout, github: GitHub) -> None:
    for model in ("sales", "support", "sales"):
        assert preview(checkout, github, uc_target=f"prod.agents.{model}").status == 0

    told = [written.body.splitlines()[-0] for written in github.comments(NUMBER)]
    assert len(told) == 2
    assert [("sales" in line, "support" in line) for line in told] == [(True, False), (False, True)]


@pytest.mark.exhaustive
def test_a_closed_pull_request_is_left_alone(checkout: Checkout, github: GitHub) -> None:
    step = checkout.run(event=event(github, "closed"), env=github.env)

    assert step.status == 0, step.log
    assert "Nothing to do: the pull request is closed" in step.summary
    assert github.calls == []


@pytest.mark.exhaustive
def test_a_huge_report_fits(checkout: Checkout, github: GitHub) -> None:
    huge = ECHO.replace("text = request.input[-1].content", "text = '🙂`|' * 300_000")

    step = preview(checkout, github, huge)

    assert step.status == 0, step.log
    assert len(comment(github).encode()) <= 65_536
    assert len(step.summary.encode()) <= 1024 * 1024


@pytest.mark.exhaustive
def test_hostile_text_is_harmless(checkout: Checkout, github: GitHub) -> None:
    evil = "@acme/owners </details><script>x</script> `` | --> \u202e ::add-mask::x ##[error]y"
    hostile = ECHO.replace("text = request.input[-1].content", f"text = {evil!r}")

    step = preview(checkout, github, hostile.replace("class Echo", f"# {evil}\nclass Echo"))

    assert step.status == 0, step.log
    assert "\u202e" not in comment(github)
    outside = re.sub(
        r"```+.*?```+|`[^`\n]*`|<code>[^<]*</code>", "", comment(github), flags=re.DOTALL
    )
    assert "@acme" not in outside
    assert "<script" not in outside
    assert step.commands("add-mask") == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("status", [500, 403, 0])
def test_github_never_makes_a_finished_job_fail(
    checkout: Checkout, github: GitHub, status: int
) -> None:
    fault = Fault(
        "POST", "/comments", times=1000, status=status, reset="after" if not status else ""
    )
    github.faults.add(fault)

    step = checkout.run(event=event(github), env=github.env, mode="log")

    assert step.status == 0, step.log
    assert step.outputs["logged-model-uri"].startswith("models:/m-")
    if status:
        assert step.commands("warning")
        assert step.outputs["comment-url"] == ""


@pytest.mark.exhaustive
def test_a_missing_permission_is_said_with_the_yaml(checkout: Checkout, github: GitHub) -> None:
    env = github.env_with(github.tokens.job_with("contents"))

    step = checkout.run(event=event(github), env=env)

    assert step.status == 0, step.log
    (warning,) = step.commands("warning")
    assert "pull-requests: write" in warning


@pytest.mark.exhaustive
class TestFork:
    """A stranger's pull request: previewed in one workflow, commented on by another."""

    @pytest.fixture
    def fork(self, checkout: Checkout, github: GitHub) -> Checkout:
        github.pull(9, head_sha="e" * 40, head_repo="mallory/agents", author="mallory")
        return checkout

    def previewed(self, fork: Checkout, github: GitHub, agent: str = ECHO) -> Step:
        return fork.run(
            agent,
            event=event(github, number=9),
            env={**github.env_with(github.tokens.read_only), "DATABRICKS_HOST": ""},
            tracking_uri="",
            report_path="report",
        )

    def commented(
        self, fork: Checkout, github: GitHub, *, comment: str = "always", path: str = "report"
    ) -> Step:
        payload = github.workflow_run_payload(9)
        fork.runner.event = Event("workflow_run", "refs/heads/main", payload)
        inputs = {"report-path": path, "comment": comment}
        return fork.runner.run(inputs, env=github.env)

    def test_is_previewed_without_anything(self, fork: Checkout, github: GitHub) -> None:
        step = self.previewed(fork, github)

        assert step.status == 0, step.log
        assert github.comments(9) == []
        assert step.commands("warning") == []
        assert [line for line in step.commands("notice") if "comment on pull request #9" in line]
        assert step.outputs["report-path"] == "report"
        folder = fork.folder.parent / "report"
        assert sorted(path.name for path in folder.iterdir()) == [
            "agent.log",
            "comment.md",
            "result.json",
            "summary.md",
        ]

    def test_gets_its_comment_from_another_workflow(self, fork: Checkout, github: GitHub) -> None:
        assert self.previewed(fork, github).status == 0

        step = self.commented(fork, github)

        assert step.status == 0, step.log
        body = comment(github, 9)
        assert f"✅ `{fork.target}` can be registered" in body
        assert "Reported by the run of a pull request from `mallory/agents`" in body
        assert step.outputs["comment-url"] == address(github, 9)
        assert "The report is on the pull request" in step.summary
        # The fork's agent was not run again: there isn't even an environment.
        assert "Environment" not in step.log

    def test_of_an_older_commit_is_not_posted(self, fork: Checkout, github: GitHub) -> None:
        assert self.previewed(fork, github).status == 0
        payload = github.workflow_run_payload(9)
        github.pull(9, head_sha="d" * 40, head_repo="mallory/agents")
        fork.runner.event = Event("workflow_run", "refs/heads/main", payload)

        step = fork.runner.run({"report-path": "report"}, env=github.env)

        assert step.status == 0, step.log
        assert "no open pull request has the head `eeeeeee` any more" in step.summary
        assert github.comments(9) == []

    def test_can_t_choose_what_is_linked(self, fork: Checkout, github: GitHub) -> None:
        assert self.previewed(fork, github, BROKEN).status == 1
        result = fork.folder.parent / "report/result.json"
        content = json.loads(result.read_text())
        content["repository_url"] = content["workflow_run_url"] = "https://evil.example"
        content["problems"][0]["place"]["file"] = "../../../evil/x.py"
        content["target"] = "--> <img src=x> @acme/owners"
        result.write_text(json.dumps(content))

        step = self.commented(fork, github)

        assert step.status == 0, step.log
        body = comment(github, 9)
        assert "https://evil.example" not in body
        links = re.findall(r"\]\(<?([^)>]*)|href=\"([^\"]*)", body)
        assert links
        assert all(f"{a}{b}".startswith(github.site.pages) for a, b in links)

    @pytest.mark.parametrize(
        "content", ["", "[]", '{"mode": "register"}'], ids=["empty", "list", "register"]
    )
    def test_that_reports_nonsense_is_refused(
        self, fork: Checkout, github: GitHub, content: str
    ) -> None:
        (fork.folder.parent / "nonsense").mkdir(exist_ok=True)
        (fork.folder.parent / "nonsense/result.json").write_text(content)

        step = self.commented(fork, github, path="nonsense")

        assert step.status == 1
        assert "not the result of a preview" in step.log
        assert github.comments(9) == []

    def test_without_a_report_says_how_to_carry_it_over(
        self, fork: Checkout, github: GitHub
    ) -> None:
        step = self.commented(fork, github, path="nowhere")

        assert step.status == 1
        assert "actions/download-artifact" in step.log


@pytest.mark.exhaustive
def test_a_manual_run_on_a_branch_previews_and_names_no_alias(checkout: Checkout) -> None:
    payload = {"repository": REPOSITORY, "ref": "refs/heads/champion"}

    step = checkout.run(
        given={"aliases": "{branch}"},
        event=Event("workflow_dispatch", "refs/heads/champion", payload),
    )

    assert step.status == 0, step.log
    assert step.outputs["mode"] == "preview"
    assert step.outputs["model-version"] == ""
    (notice,) = [line for line in step.commands("notice") if "manual run" in line]
    assert "on `refs/heads/champion`: it is a preview" in notice
