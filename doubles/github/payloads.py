"""Payloads of events: of the double's own pull requests, and GitHub's examples."""

import copy
import json
from typing import Any

from doubles.github.pulls import Pulls
from doubles.github.site import Site
from doubles.npm import packages

_EXAMPLES = "@octokit/webhooks-examples/api.github.com/index.json"


def pull_request(site: Site, pulls: Pulls, number: int, action: str) -> dict[str, Any]:
    """The payload of the event `pull_request`."""
    return {
        "action": action,
        "number": number,
        "pull_request": pulls.shown(pulls.find(number)),
        "repository": site.repository(site.name),
    }


def workflow_run(site: Site, pulls: Pulls, number: int, conclusion: str) -> dict[str, Any]:
    """The payload of the event `workflow_run`, after a run for a pull request."""
    pull = pulls.find(number)
    is_fork = pull.head_repo != site.name
    run = {
        "id": 30433642,
        "name": "preview",
        "event": "pull_request",
        "status": "completed",
        "conclusion": conclusion,
        "html_url": f"{site.repository_page}/actions/runs/30433642",
        "head_sha": pull.head_sha,
        "head_branch": pull.head_ref,
        "head_repository": site.repository(pull.head_repo, is_fork=is_fork),
        # GitHub names those of the same repository only.
        "pull_requests": [] if is_fork else [{"number": number}],
    }
    repository = site.repository(site.name)
    return {"action": "completed", "workflow_run": run, "repository": repository}


def examples(event: str) -> list[dict[str, Any]]:
    """GitHub's examples of an event's payloads; npm must be there."""
    kinds = json.loads((packages() / _EXAMPLES).read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = next(each["examples"] for each in kinds if each["name"] == event)
    return found


def of_fork(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as it would be, had the pull request come from a fork: there is no such example.

    Of `pull_request` or `workflow_run`.
    """
    payload = copy.deepcopy(payload)
    run = payload.get("workflow_run")
    if run:
        run["pull_requests"] = []
        head = run["head_repository"]
    else:
        head = payload["pull_request"]["head"]["repo"]
    head["fork"] = True
    head["owner"]["login"] = "stranger"
    head["full_name"] = f"stranger/{head['name']}"
    return payload
