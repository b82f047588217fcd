"""Asks the workspace whether resources exist."""

from collections.abc import Iterable
from urllib.parse import quote

import requests
from databricks.sdk import WorkspaceClient, errors
from databricks.sdk.errors.base import DatabricksError

from entrypoint.resources.check.existence import ExistenceAnswer
from entrypoint.resources.kinds import KINDS
from entrypoint.runtime.background import in_background

# Well below what a workspace throttles, and a hundred requests take a second or two.
_MAX_REQUESTS_AT_ONCE = 8
# The workspace has no such API, which says nothing of the resource.
_NO_API = {"ENDPOINT_NOT_FOUND", "FEATURE_DISABLED"}


def look_up(
    workspace: WorkspaceClient, resources: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], ExistenceAnswer]:
    """Ask for every (kind, name) once, some at the same time.

    The SDK waits and asks again by itself, for as long as the client's `retry_timeout_seconds`
    says. When that was in vain, nothing else is asked.
    """
    asked = list(dict.fromkeys(resources))
    answers: dict[tuple[str, str], ExistenceAnswer] = {}
    in_vain: list[ExistenceAnswer] = []
    remaining = iter(asked)  # each worker takes the next one

    def work() -> None:
        for kind, name in remaining:
            try:
                answer = in_vain[0] if in_vain else _ask(workspace, kind, name)
            except (TimeoutError, requests.RequestException) as error:
                cause = f": {error.__cause__}" if error.__cause__ else ""
                answer = ExistenceAnswer("unreachable", f"{error}{cause}")
                in_vain.append(answer)
            answers[kind, name] = answer

    workers = [in_background(work) for _ in range(min(_MAX_REQUESTS_AT_ONCE, len(asked)))]
    for worker in workers:
        worker.result()
    return {each: answers[each] for each in asked}


def _ask(workspace: WorkspaceClient, kind: str, name: str) -> ExistenceAnswer:
    """Ask for one.

    Raises:
        TimeoutError, requests.RequestException: in vain.

    """
    # The SDK puts it into a path as it is, and a `/` in it would ask for something else.
    try:
        if look_up_one := KINDS[kind].look_up:
            look_up_one(workspace, quote(name, safe=""))
    except errors.NotFound as error:
        return ExistenceAnswer(
            "can't tell" if error.error_code in _NO_API else "not found", str(error)
        )
    except errors.InvalidParameterValue as error:
        # The name is all that was sent: nothing can have it.
        return ExistenceAnswer("not found", str(error))
    except (errors.InternalError, errors.DeadlineExceeded) as error:
        return ExistenceAnswer("unreachable", str(error))
    except DatabricksError as error:
        # To a refusal the SDK adds how it is configured, which is no part of the reason.
        return ExistenceAnswer(
            "can't tell", str(error).removesuffix(workspace.config.debug_string()).strip()
        )
    except ValueError as error:  # how the SDK says that logging in failed
        if isinstance(error, requests.RequestException):
            raise
        return ExistenceAnswer("can't tell", str(error))
    return ExistenceAnswer("found")
