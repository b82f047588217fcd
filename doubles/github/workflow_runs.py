"""Workflow runs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from doubles.databricks.request import Answer, Request
from doubles.databricks.routes import Route
from doubles.github.refusal import not_found
from doubles.github.site import Site

_TIME = "2026-01-26T19:01:12Z"
_ONE = "/repos/{owner}/{repo}/actions/runs/{run_id}"
_PARTS = {
    "jobs": "jobs",
    "logs": "logs",
    "artifacts": "artifacts",
    "cancel": "cancel",
    "rerun": "rerun",
}


@dataclass
class WorkflowRun:
    """One run of a workflow, as its newest `attempt` is."""

    id: int
    status: str = "in_progress"
    attempt: int = 1


class WorkflowRuns:
    """All of the repository's."""

    def __init__(self, site: Callable[[], Site]) -> None:
        self._site = site
        self._runs: dict[int, WorkflowRun] = {}

    def add(self, run: WorkflowRun) -> WorkflowRun:
        self._runs[run.id] = run
        return run

    def routes(self) -> Iterator[Route]:
        yield Route("GET", _ONE, self._get, query=frozenset({"exclude_pull_requests"}))

    def _get(self, request: Request) -> Answer:
        number = request.parts["run_id"]
        run = self._runs.get(int(number)) if number.isdecimal() else None
        if run is None:
            raise not_found()
        return Answer(self._shown(run))

    def _shown(self, run: WorkflowRun) -> dict[str, Any]:
        site = self._site()
        api = f"{site.repository_api}/actions/runs/{run.id}"
        repository = site.repository(site.name)
        person = {"name": "Ann", "email": "ann@example.com"}
        return {
            "id": run.id,
            "name": "agents",
            "node_id": f"WFR_{run.id}",
            "head_branch": "main",
            "head_sha": "f" * 40,
            "path": ".github/workflows/agents.yml@main",
            "display_title": "A change",
            "run_number": 1,
            "event": "push",
            "status": run.status,
            "conclusion": "cancelled" if run.status == "completed" else None,
            "workflow_id": 1,
            "check_suite_id": 1,
            "check_suite_node_id": "CS_1",
            "url": api,
            "html_url": f"{site.repository_page}/actions/runs/{run.id}",
            "pull_requests": [],
            "created_at": _TIME,
            "updated_at": _TIME,
            "actor": repository["owner"],
            "run_attempt": run.attempt,
            "run_started_at": _TIME,
            "triggering_actor": repository["owner"],
            "check_suite_url": f"{site.repository_api}/check-suites/1",
            "previous_attempt_url": None,
            "workflow_url": f"{site.repository_api}/actions/workflows/1",
            **{f"{field}_url": f"{api}/{part}" for field, part in _PARTS.items()},
            "head_commit": {
                "id": "f" * 40,
                "tree_id": "e" * 40,
                "message": "A change",
                "timestamp": _TIME,
                "author": person,
                "committer": person,
            },
            "repository": repository,
            "head_repository": repository,
        }
