"""The workflow run that an event of the kind `workflow_run` is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

# https://docs.github.com/en/rest/checks/runs, `conclusion`
_GREEN = ("", "success", "neutral", "skipped")


@dataclass(frozen=True)
class WorkflowRun:
    """One run of another workflow; the texts may be a stranger's, such as the name of a branch.

    `event` started it, `repository` (`owner/name`) holds its head: empty when the fork is gone.
    """

    id: int = 0
    name: str = ""
    event: str = ""
    conclusion: str = ""
    url: str = ""
    sha: str = ""
    branch: str = ""
    repository: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether GitHub shows it as anything but green: failed, cancelled, timed out."""
        return self.conclusion not in _GREEN

    @classmethod
    def from_payload(cls, run: Mapping[str, Any]) -> Self:
        """Read the payload's `workflow_run`."""
        repository = run.get("head_repository") or {}
        return cls(
            id=run.get("id") or 0,
            name=run.get("name") or "",
            event=run.get("event") or "",
            conclusion=run.get("conclusion") or "",
            url=run.get("html_url") or "",
            sha=run.get("head_sha") or "",
            branch=run.get("head_branch") or "",
            repository=repository.get("full_name") or "",
        )
