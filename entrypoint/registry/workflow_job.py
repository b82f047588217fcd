"""The workflow job that created something in a store, as recorded in tags."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from entrypoint.inputs.event import Event

REPOSITORY = "github_repository"
RUN_ID = "github_run_id"
ATTEMPT = "github_run_attempt"
NAME = "github_job"
RUNNER = "github_runner"
TAGS = (REPOSITORY, RUN_ID, ATTEMPT, NAME, RUNNER)
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class WorkflowJob:
    """One job of a workflow run: off GitHub all is empty, and `attempt` 0.

    `name` is the job's in the workflow, which those of a matrix share; `runner` tells them apart.
    """

    repository: str = ""
    run_id: int = 0
    attempt: int = 0
    name: str = ""
    runner: str = ""

    @classmethod
    def from_event(cls, event: Event) -> Self:
        """The job that this event started."""
        return cls.from_tags(tags_of(event))

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> Self:
        """Read tags, which anybody who may write to the store can set; invalid ones are unknown."""
        repository, run_id = tags.get(REPOSITORY, ""), tags.get(RUN_ID, "")
        if not (_REPOSITORY.fullmatch(repository) and _NUMBER.fullmatch(run_id)):
            return cls()
        attempt = tags.get(ATTEMPT, "")
        return cls(
            repository,
            int(run_id),
            int(attempt) if _NUMBER.fullmatch(attempt) else 0,
            tags.get(NAME, ""),
            tags.get(RUNNER, ""),
        )

    @property
    def is_known(self) -> bool:
        """Whether it is a job on GitHub."""
        return bool(self.run_id)

    def ended_before(self, ours: "WorkflowJob") -> bool:
        """Whether it must have ended, because our job runs.

        A workflow run is run again when it has completed. A job's steps follow each other, and a
        runner has one job at a time; the jobs of a matrix have a runner each.
        https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
        """
        same_run = (self.repository, self.run_id) == (ours.repository, ours.run_id)
        if not (self.is_known and same_run):
            return False
        return self == ours or 0 < self.attempt < ours.attempt

    def page(self, server_url: str) -> str:
        """The address of the workflow run, empty off GitHub."""
        return f"{server_url}/{self.repository}/actions/runs/{self.run_id}" if self.is_known else ""


def tags_of(event: Event) -> dict[str, str]:
    """The tags that name the job which this event started."""
    tags = {
        REPOSITORY: event.repository,
        RUN_ID: event.run_id,
        ATTEMPT: event.run_attempt,
        NAME: event.job,
        RUNNER: event.runner,
    }
    return {key: value for key, value in tags.items() if value}
