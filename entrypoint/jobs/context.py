"""What a job was started with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from entrypoint.github.api import Api
from entrypoint.github.step_files import StepFiles
from entrypoint.github.workflow_log import WorkflowLog
from entrypoint.inputs.event import Event
from entrypoint.inputs.inputs import ReportingInputs
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime import accounts
from entrypoint.runtime.deadline import Deadline
from entrypoint.runtime.log import Log, PlainLog
from entrypoint.runtime.redaction import Secrets


@dataclass(frozen=True)
class Job:
    """The inputs' texts, the environment and the event, read once, and where the job reports."""

    texts: Mapping[str, str]
    """By the input's name, as they were given; empty where one wasn't."""
    environ: Mapping[str, str]
    event: Event
    reporting: ReportingInputs
    workspace: Workspace
    log: Log
    secrets: Secrets
    step_files: StepFiles
    deadline: Deadline

    @classmethod
    def from_environ(
        cls, texts: Mapping[str, str], environ: Mapping[str, str], step_files: StepFiles
    ) -> Self:
        """Read what every job needs; what is wrong with it is raised by those who need it."""
        secrets = Secrets.from_environ(environ)
        event, workspace = Event.from_environ(environ), _workspace(environ)
        reporting = ReportingInputs.as_far_as_possible(texts, workspace)
        return cls(
            texts=texts,
            environ=environ,
            event=event,
            reporting=reporting,
            workspace=workspace,
            log=(WorkflowLog if event.on_github else PlainLog)(secrets=secrets),
            secrets=secrets,
            step_files=step_files,
            deadline=Deadline(reporting.timeout_seconds),
        )

    @property
    def mode(self) -> str:
        """What is done: the input `mode`, or what `auto` means for the event."""
        has_source = bool(self.texts["source"].strip())
        return self.event.mode_for(self.texts["mode"].strip() or "auto", has_source=has_source)

    @property
    def github_token(self) -> str:
        """The token for GitHub's API; empty where there is none, or no repository."""
        return self.reporting.github_token if self.event.repository else ""

    def github(self) -> Api:
        """GitHub's API, with the job's token."""
        return Api.from_environ(
            self.environ,
            self.reporting.github_token,
            is_read_only=self.event.is_without_secrets,
        )

    def keep_secret(self, value: str) -> None:
        """Let a token that was made in the job be seen nowhere."""
        self.secrets.learn(value, "a Databricks token")
        self.log.mask(value)


def _workspace(environ: Mapping[str, str]) -> Workspace:
    root = Path(environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    # The runner doesn't say where the workspace is on the host, but it always is the repository's
    # folder in RUNNER_WORKSPACE.
    above = environ.get("RUNNER_WORKSPACE", "")
    name = environ.get("GITHUB_REPOSITORY", "").rpartition("/")[2]
    host_root = f"{above}/{name}" if above and name else ""
    return Workspace(root, host_root, is_shared=accounts.agents_account() is not None)
