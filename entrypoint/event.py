"""What happened on GitHub, as the runner tells it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from entrypoint.errors import InputFailure, Problem

# Agent code runs with the job's secrets. These events carry code that was accepted, or come
# without secrets; the others (`pull_request_target`, `issue_comment`, `workflow_run`, ...) can
# carry a stranger's code and the secrets at once:
# https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/
_MAY_BUILD = {
    "pull_request",
    "push",
    "merge_group",
    "schedule",
    "workflow_dispatch",
    "release",
}


@dataclass(frozen=True)
class Event:
    """One event, or none: off GitHub every text is empty."""

    name: str = ""
    repository: str = ""
    sha: str = ""
    ref: str = ""
    run_id: str = ""
    server_url: str = "https://github.com"
    payload: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Event":
        """Read the variables and the payload that the runner provides.

        https://docs.github.com/en/actions/reference/workflows-and-actions/variables

        Raises:
            InputFailure: `GITHUB_EVENT_PATH` names no JSON object.

        """
        return cls(
            name=environ.get("GITHUB_EVENT_NAME", ""),
            repository=environ.get("GITHUB_REPOSITORY", ""),
            sha=environ.get("GITHUB_SHA", ""),
            ref=environ.get("GITHUB_REF", ""),
            run_id=environ.get("GITHUB_RUN_ID", ""),
            server_url=environ.get("GITHUB_SERVER_URL", cls.server_url),
            payload=_payload(environ.get("GITHUB_EVENT_PATH", "")),
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
        if not self.pull_request:
            return False
        head, user = self.pull_request.get("head"), self.pull_request.get("user")
        repository = head.get("repo") if isinstance(head, dict) else None
        name = repository.get("full_name") if isinstance(repository, dict) else None
        author = user.get("login") if isinstance(user, dict) else None
        return name != self.repository or author == "dependabot[bot]"

    @property
    def commit(self) -> str:
        """The commit that the user means: a pull request's head, not the merge made for the job."""
        head = self.pull_request.get("head")
        return str(head["sha"]) if isinstance(head, dict) and "sha" in head else self.sha

    @property
    def branch(self) -> str:
        """The branch, empty for a tag."""
        head = self.pull_request.get("head")
        if isinstance(head, dict) and "ref" in head:
            return str(head["ref"])
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
    def mode(self) -> str:
        """What `mode: auto` means for this event."""
        if self.name == "push":
            lasting = self.tag or (self.branch and self.branch == self._default_branch)
            return "register" if lasting else "preview"
        if self.name in ("workflow_dispatch", "schedule", "release"):
            return "register"
        return "preview"

    def mode_for(self, asked: str) -> str:
        """The mode that was asked for, or what `auto` means for this event."""
        return self.mode if asked == "auto" else asked

    @property
    def nothing_to_do(self) -> str:
        """Why there is nothing to do, empty when there is."""
        action = self.payload.get("action")
        if self.name == "pull_request" and action == "closed":
            return "the pull request is closed"
        if self.name == "push" and self.payload.get("deleted"):
            return f"{self.ref} was deleted"
        # Our own edit of the notes must not start the release job again.
        if self.name == "release" and action not in ("published", "released"):
            return f"the release was {action}; only published and released ones are logged"
        return ""

    def check_may_build(self) -> None:
        """Refuse events whose code may be a stranger's while the job holds secrets.

        Raises:
            InputFailure: the event is one of them.

        """
        if not self.name or self.name in _MAY_BUILD:
            return
        raise InputFailure(
            Problem(
                f"log-agent builds no agent on `{self.name}`: the job may hold secrets while the"
                " code may come from a stranger's pull request.",
                "Preview pull requests on the `pull_request` event, which has no secrets for"
                " forks:\n\n    on:\n      pull_request:",
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
    def _default_branch(self) -> str:
        repository = self.payload.get("repository")
        return str(repository.get("default_branch", "")) if isinstance(repository, dict) else ""


def _payload(path: str) -> Mapping[str, Any]:
    if not path:
        return {}
    try:
        payload = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputFailure(
            Problem(f"GITHUB_EVENT_PATH: `{path}` can't be read: {error}")
        ) from error
    if not isinstance(payload, dict):
        raise InputFailure(Problem(f"GITHUB_EVENT_PATH: `{path}` holds no JSON object."))
    return payload
