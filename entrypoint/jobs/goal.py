"""What a job builds an agent for."""

from abc import ABC, abstractmethod
from pathlib import Path

from entrypoint.agent.build import NeedsLogin
from entrypoint.agent.manifest import Manifest
from entrypoint.databricks.auth.login import Login
from entrypoint.jobs.context import Job
from entrypoint.jobs.plan import Plan
from entrypoint.report.result import Result


class Goal(ABC):
    """A preview or a publication: what it begins in the background, and does with the agent."""

    def __init__(self, job: Job, plan: Plan, login: Login, result: Result) -> None:
        self._job, self._log = job, job.log
        self._plan, self._inputs = plan, plan.inputs
        self._login = login
        self._result = result

    @abstractmethod
    def check_workspace(self) -> None:
        """See whether the workspace would refuse it, before anything is built.

        Raises:
            PublishFailure: it would.

        """

    @abstractmethod
    def is_reached(self, manifest: Manifest) -> bool:
        """Whether the agent is registered already, so that there is nothing to build."""

    @abstractmethod
    def prepare(self) -> None:
        """Do what has to be done before the agent is built, or can be done meanwhile."""

    @abstractmethod
    def go_on_unloaded(self, failure: NeedsLogin) -> None:
        """Go on without an agent that can't be loaded for want of a login.

        Raises:
            NeedsLogin: it can't do without.

        """

    @abstractmethod
    def finish(self, model: Path | None, manifest: Manifest) -> None:
        """Do it with what was built: the model directory, if any, and what went into it."""
