"""Whether resources are there: the workspace is asked."""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from threading import Thread
from urllib.parse import quote

import requests
from databricks.sdk import WorkspaceClient, errors
from databricks.sdk.errors.base import DatabricksError

from entrypoint.resources.check.existence import ExistenceAnswer
from entrypoint.resources.kinds import KINDS

# At the same time: well below what a workspace throttles, and a hundred take a second or two.
_AT_ONCE = 8
# The workspace has no such API, which says nothing of the resource.
_NO_API = {"ENDPOINT_NOT_FOUND", "FEATURE_DISABLED"}


_Question = tuple[str, str]
_Waiting = deque[tuple[_Question, Future[ExistenceAnswer]]]


def look_up(
    workspace: WorkspaceClient, resources: Iterable[_Question]
) -> dict[_Question, ExistenceAnswer]:
    """Ask for every (kind, name) once, some at the same time.

    The SDK waits and asks again by itself, for as long as the client's `retry_timeout_seconds`
    says. When that was in vain, nothing else is asked.
    """
    answers = {question: Future[ExistenceAnswer]() for question in resources}
    waiting: _Waiting = deque(answers.items())
    # Not an executor's threads: the interpreter waits for those when it exits, so a cancelled job
    # would hang on a workspace that doesn't answer.
    threads = [
        Thread(target=_work, args=(workspace, waiting), daemon=True)
        for _ in range(min(_AT_ONCE, len(waiting)))
    ]
    try:
        for thread in threads:
            thread.start()
        return {question: answer.result() for question, answer in answers.items()}
    finally:
        waiting.clear()


def _work(workspace: WorkspaceClient, waiting: _Waiting) -> None:
    while waiting:
        try:
            question, future = waiting.popleft()
        except IndexError:  # another thread was quicker
            return
        try:
            future.set_result(_ask(workspace, *question))
        except (TimeoutError, requests.RequestException) as error:
            gone = ExistenceAnswer(
                "unreachable", f"{error}: {error.__cause__}" if error.__cause__ else f"{error}"
            )
            future.set_result(gone)
            _give_up(waiting, gone)
        except Exception as error:  # noqa: BLE001 - a mistake of ours is raised where it is waited for
            future.set_exception(error)


def _give_up(waiting: _Waiting, answer: ExistenceAnswer) -> None:
    """Answer all that was not asked yet."""
    while waiting:
        try:
            waiting.popleft()[1].set_result(answer)
        except IndexError:
            return


def _ask(workspace: WorkspaceClient, kind: str, name: str) -> ExistenceAnswer:
    """Ask for one.

    Raises:
        TimeoutError, requests.RequestException: in vain.

    """
    # The SDK puts it into a path as it is, and a `/` in it would ask for something else.
    try:
        KINDS[kind].look_up(workspace, quote(name, safe=""))
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
