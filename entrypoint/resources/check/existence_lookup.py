"""Asks the workspace whether resources exist."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

import requests
from databricks.sdk import WorkspaceClient, errors
from databricks.sdk.errors.base import DatabricksError

from entrypoint.resources.check.existence import ExistenceAnswer
from entrypoint.resources.kinds import KINDS, key
from entrypoint.runtime.background import in_background

# Well below what a workspace throttles, and a hundred requests take a second or two.
_MAX_REQUESTS_AT_ONCE = 8
_MAX_DEPENDENCIES = 100
# The workspace has no such API, which says nothing of the resource.
_NO_API = {"ENDPOINT_NOT_FOUND", "FEATURE_DISABLED"}


def look_up(
    workspace: WorkspaceClient, resources: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], ExistenceAnswer]:
    """Ask for every (kind, name) once, and for what these need besides, some at the same time.

    The SDK waits and asks again by itself, for as long as the client's `retry_timeout_seconds`
    says. When that was in vain, nothing else is asked.
    """
    answers: dict[tuple[str, str], ExistenceAnswer] = {}
    in_vain: list[ExistenceAnswer] = []
    asked = list(dict.fromkeys(resources))
    room = len(asked) + _MAX_DEPENDENCIES
    while asked:
        answers |= _ask_all(workspace, asked, in_vain)
        known = {key(*each) for each in answers}
        needed = {key(*each): each for answer in answers.values() for each in answer.dependencies}
        asked = [each for this, each in needed.items() if this not in known][: room - len(answers)]
    return answers


def _ask_all(
    workspace: WorkspaceClient, asked: list[tuple[str, str]], in_vain: list[ExistenceAnswer]
) -> dict[tuple[str, str], ExistenceAnswer]:
    answers: dict[tuple[str, str], ExistenceAnswer] = {}
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
    found = None
    try:
        if look_up_one := KINDS[kind].look_up:
            found = look_up_one(workspace, quote(name, safe=""))
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
    return ExistenceAnswer("found", dependencies=tuple(dict.fromkeys(_dependencies(kind, found))))


def _dependencies(kind: str, found: object) -> Iterator[tuple[str, str]]:
    """What a resource needs besides, as far as the workspace gives names that can be such."""
    for each, name in KINDS[kind].dependencies(found) if found else ():
        if isinstance(name, str) and KINDS[each].shape.pattern.fullmatch(name):
            yield each, name
