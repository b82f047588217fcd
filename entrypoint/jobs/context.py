"""What the program was started with."""

from collections.abc import Mapping
from dataclasses import dataclass

from entrypoint.github.step_files import StepFiles
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.deadline import Deadline
from entrypoint.runtime.log import Log
from entrypoint.runtime.redaction import Secrets


@dataclass(frozen=True)
class Job:
    """The inputs' texts, the environment, the checkout, and where to tell the story."""

    texts: Mapping[str, str]
    environ: Mapping[str, str]
    workspace: Workspace
    log: Log
    secrets: Secrets
    step_files: StepFiles
    deadline: Deadline

    def keep_secret(self, value: str) -> None:
        """Let a token that was made in the job be seen nowhere."""
        self.secrets.learn(value, "a Databricks token")
        self.log.mask(value)
