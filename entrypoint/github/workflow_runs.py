"""Whether workflow runs of the repository have ended."""

import time
from collections.abc import Callable
from http import HTTPStatus

from entrypoint.github.api import Api
from entrypoint.github.api_answers import Answer
from entrypoint.github.api_errors import GitHubError, Purpose
from entrypoint.runtime.log import Log

_PURPOSE = Purpose("see whether another workflow run has ended", ("actions: read",))
# Seconds after which a run that was under way is asked about again.
_ASK_AGAIN = 15.0


class _Repository(Answer):
    full_name: str


class _Run(Answer):
    # https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run

    id: int
    status: str | None
    run_attempt: int = 1
    repository: _Repository

    def is_over(self, repository: str, run_id: int, attempt: int) -> bool:
        """Whether it is the run that was asked for, and that attempt of it has ended."""
        asked_for = (run_id, repository.lower())
        is_meant = (self.id, self.repository.full_name.lower()) == asked_for
        return is_meant and (self.status == "completed" or 0 < attempt < self.run_attempt)


class WorkflowRuns:
    """The workflow runs of one repository, as far as the job's token may see them.

    `open_api` is called for every question. What GitHub refuses is said once and not asked again.
    """

    def __init__(self, open_api: Callable[[], Api], log: Log, pause: float = _ASK_AGAIN) -> None:
        self._open_api = open_api
        self._log = log
        self._pause = pause
        self._is_refused = False
        self._ended: set[tuple[int, int]] = set()
        self._under_way: dict[tuple[int, int], float] = {}

    def has_ended(self, repository: str, run_id: int, attempt: int) -> bool:
        """Whether that attempt of a run is over; `attempt` is 0 where it isn't known."""
        key = (run_id, attempt)
        if key in self._ended:
            return True
        if self._is_refused or time.monotonic() < self._under_way.get(key, 0.0):
            return False
        run = self._run(run_id)
        if run and run.is_over(repository, run_id, attempt):
            self._ended.add(key)
            return True
        self._under_way[key] = time.monotonic() + self._pause
        return False

    def _run(self, run_id: int) -> _Run | None:
        try:
            with self._open_api() as api:
                return api.get(f"actions/runs/{run_id}", _PURPOSE, _Run)
        except GitHubError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                self._is_refused = True
                self._log.line(f"{refused.problems[0].what} It is taken for running.")
            return None
