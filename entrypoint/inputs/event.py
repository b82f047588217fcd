"""What happened on GitHub, as the runner tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from entrypoint.inputs.fork_workflows import TWO_WORKFLOWS
from entrypoint.inputs.workflow_run import WorkflowRun
from entrypoint.runtime import json_text, untrusted_file
from entrypoint.runtime.errors import InputFailure, Problem
from entrypoint.runtime.untrusted_file import Bound

# GitHub's own limit:
# https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
_PAYLOAD = Bound(25_000_000, "It is no event of GitHub's.")
# Agent code runs with the job's login. On these events the code is that of people who may write to
# the repository, or GitHub keeps secrets from the job. On any other (`pull_request_target`,
# `issue_comment`, `workflow_run`, ...) a job can have a stranger's code and the secrets at once:
# https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/
_BUILDS_AGENTS = (
    "pull_request",
    "push",
    "merge_group",
    "schedule",
    "workflow_dispatch",
    "release",
)


@dataclass(frozen=True)
class Event:
    """One event, or none: off GitHub every text is empty.

    `on_github`: whether a runner started the job, which then has an event.
    """

    name: str = ""
    repository: str = ""
    sha: str = ""
    ref: str = ""
    run_id: str = ""
    server_url: str = "https://github.com"
    payload: Mapping[str, Any] = field(default_factory=dict)
    on_github: bool = False
    run_attempt: str = ""
    job: str = ""
    runner: str = ""
    unreadable: Problem | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Event":
        """Read the variables and the payload that the runner provides.

        https://docs.github.com/en/actions/reference/workflows-and-actions/variables

        A payload that can't be read is empty: `check_readable` tells why.
        """
        payload, unreadable = _payload(environ.get("GITHUB_EVENT_PATH", ""))
        return cls(
            name=environ.get("GITHUB_EVENT_NAME", ""),
            repository=environ.get("GITHUB_REPOSITORY", ""),
            sha=environ.get("GITHUB_SHA", ""),
            ref=environ.get("GITHUB_REF", ""),
            run_id=environ.get("GITHUB_RUN_ID", ""),
            server_url=environ.get("GITHUB_SERVER_URL", cls.server_url),
            payload=payload,
            unreadable=unreadable,
            on_github=environ.get("GITHUB_ACTIONS") == "true",
            run_attempt=environ.get("GITHUB_RUN_ATTEMPT", ""),
            job=environ.get("GITHUB_JOB", ""),
            runner=environ.get("RUNNER_NAME", ""),
        )

    @property
    def pull_request(self) -> Mapping[str, Any]:
        """The pull request that the event is about, empty when it is about none."""
        pull_request = self.payload.get("pull_request")
        return pull_request if isinstance(pull_request, dict) else {}

    @property
    def is_without_secrets(self) -> bool:
        """Whether GitHub keeps secrets from the job: a fork's or Dependabot's pull request.

        https://docs.github.com/en/actions/reference/security/secure-use
        """
        # The one event of pull requests that has secrets: it runs the base's workflow.
        if not self.pull_request or self.name == "pull_request_target":
            return False
        head, user = self.pull_request.get("head"), self.pull_request.get("user")
        repository = head.get("repo") if isinstance(head, dict) else None
        name = repository.get("full_name") if isinstance(repository, dict) else None
        author = user.get("login") if isinstance(user, dict) else None
        return name != self.repository or author == "dependabot[bot]"

    @property
    def commit(self) -> str:
        """The commit that the user means: a pull request's head, not the merge made for the job."""
        return str(self._head.get("sha", self.sha))

    @property
    def branch(self) -> str:
        """The branch, empty for a tag."""
        if "ref" in self._head:
            return str(self._head["ref"])
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else ""

    @property
    def tag(self) -> str:
        """The tag, empty for a branch."""
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else ""

    @property
    def run_url(self) -> str:
        """The page of the workflow run."""
        if not (self.repository and self.run_id):
            return ""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}"

    @property
    def workflow_run(self) -> WorkflowRun | None:
        """The run of another workflow that the event is about."""
        run = self.payload.get("workflow_run")
        return WorkflowRun.from_payload(run) if isinstance(run, dict) else None

    @property
    def release(self) -> int | str | None:
        """The id of the release that the event is about, else the name of the tag."""
        release = self.payload.get("release")
        number = release.get("id") if isinstance(release, dict) else None
        return number if isinstance(number, int) else self.tag or None

    def mode_for(self, asked: str, *, has_source: bool = False) -> str:
        """The mode that was asked for, or what `auto` means for this event.

        `has_source`: that it is said what to promote.
        """
        if asked != "auto":
            return asked
        if self.name == "workflow_run":
            return "comment"
        if self.name == "release" or (self.name == "push" and self.tag):
            return "promote" if has_source else "register"
        if self.name in ("push", "workflow_dispatch"):
            is_default = self.branch and self.branch == self._default_branch
            return "register" if is_default else "preview"
        return "register" if self.name == "schedule" else "preview"

    def preview_notice(self, asked: str) -> Problem | None:
        """Why a manual run is only a preview; None where it isn't, or where one was asked for."""
        is_chosen = asked == "auto" and self.name == "workflow_dispatch"
        if not is_chosen or self.mode_for(asked) != "preview":
            return None
        default = self._default_branch or "<default branch>"
        return Problem(
            f"`mode`: `auto` registers a manual run from the default branch only, and this one is"
            f" on `{self.ref}`: it is a preview.",
            f"To register, merge first, and run the workflow on the default branch:\n\n"
            f"    gh workflow run <workflow> --ref {default}\n\n"
            "To register what nobody has reviewed, say so in the step:\n\n"
            "    with:\n      mode: register",
        )

    @property
    def nothing_to_do(self) -> str:
        """Why there is nothing to do, empty when there is."""
        action = self.payload.get("action")
        if self.name in ("pull_request", "pull_request_target") and action == "closed":
            return "the pull request is closed"
        if self.name == "push" and self.payload.get("deleted"):
            return f"{self.ref} was deleted"
        # Our own edit of the notes must not start the release job again.
        if self.name == "release" and action not in ("published", "released"):
            return f"the release was {action}; only published and released ones are logged"
        if self.name == "workflow_run" and action != "completed":
            return f"the workflow run was {action}; only completed ones have a report"
        return ""

    def check_readable(self) -> None:
        """See whether the payload could be read.

        Raises:
            InputFailure: `GITHUB_EVENT_PATH` names no JSON object.

        """
        if self.unreadable:
            raise InputFailure(self.unreadable)

    def check_may_build(self) -> None:
        """See whether agent code may be built on this event, whatever is checked out.

        Raises:
            InputFailure: the job may hold secrets, and the code may be a stranger's.

        """
        if self.name in _BUILDS_AGENTS or not (self.name or self.on_github):
            return
        name = f"`{self.name}`" if self.name else "an event without a name (GITHUB_EVENT_NAME)"
        raise InputFailure(
            Problem(
                f"log-agent builds no agent on {name}: the job may hold secrets, and what is"
                " checked out may be a stranger's.",
                f"Agents are built on {', '.join(f'`{each}`' for each in _BUILDS_AGENTS)}.\n\n"
                "Preview pull requests on `pull_request`, which has no secrets for forks, and"
                f" comment from a second workflow:\n\n{TWO_WORKFLOWS}\n\n"
                "What another program starts can be a `workflow_dispatch`:\n\n"
                "    gh workflow run <workflow> --ref <default branch>",
            )
        )

    @property
    def facts(self) -> dict[str, str]:
        """What `{…}` in `aliases` and `tags` stands for; empty where the event doesn't tell."""
        return {
            "sha": self.commit,
            "short-sha": self.commit[:7],
            "branch": self.branch,
            "tag": self.tag,
            "pr": str(self.pull_request.get("number", "")),
            "run-id": self.run_id,
        }

    @property
    def _head(self) -> Mapping[str, Any]:
        """The head of the pull request whose code the job has; empty on other events.

        `pull_request_target` and others have a head too. A stranger chose its name and commit,
        so they are no labels, and no commit to promote the version of.
        """
        head = self.pull_request.get("head") if self.name == "pull_request" else None
        return head if isinstance(head, dict) else {}

    @property
    def _default_branch(self) -> str:
        repository = self.payload.get("repository")
        return str(repository.get("default_branch", "")) if isinstance(repository, dict) else ""


def _payload(path: str) -> tuple[Mapping[str, Any], Problem | None]:
    if not path:
        return {}, None
    try:
        payload = json_text.parse(untrusted_file.read(Path(path).resolve(), _PAYLOAD).decode())
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        return {}, Problem(f"GITHUB_EVENT_PATH: `{path}` can't be read: {error}")
    if not isinstance(payload, dict):
        return {}, Problem(f"GITHUB_EVENT_PATH: `{path}` holds no JSON object.")
    return payload, None
