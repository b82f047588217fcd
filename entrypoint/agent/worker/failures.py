"""What is reported of an exception that the agent raised."""

from __future__ import annotations

import contextlib
import linecache
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.models import model as mlflow_model

from . import missing_module
from .agent_calls import ANSWER, EXAMPLE, PREDICT, STREAM, AgentCalls, Mistake
from .agent_code import is_agents
from .import_hooks import when_imported

if TYPE_CHECKING:
    from types import ModuleType

TEXT_LIMIT = 20_000
"""In characters, of each text in a verdict."""

_MAX_FRAMES = 50
_MAX_CAUSES = 20
# What the Databricks SDK and MLflow say when there are no credentials.
_NOT_LOGGED_IN = (
    "cannot configure default credentials",
    "Databricks credential configuration",
    "Please specify either personal access token or service principal",
    "Missing Databricks",
)
_LOGIN_VARIABLE = re.compile(r"\bDATABRICKS_[A-Z_]+")
# What is wrong with the code itself, logged in or not.
_OF_THE_CODE = (SyntaxError, ImportError, NameError, Mistake)
# What the want of a client doesn't raise, though an earlier line tried in vain to make one.
_OF_DATA = (ArithmeticError, AssertionError, FileNotFoundError, LookupError)
# What is said of a value that isn't there, by whoever gets it.
_OF_NOTHING = re.compile(r"\bNone|credential|api.?key|token|authenti", re.IGNORECASE)
_VALIDATION = re.compile(r"\d+ validation errors? for (.+)")
_MORE = "For further information visit"

# The logins that the Databricks SDK tried in vain, also where a library told nobody.
_failed_logins: list[str] = []


def follow_logins() -> None:
    """Note from now on when the Databricks SDK can't log in."""

    def change(module: ModuleType) -> None:
        log_in = module.Config.init_auth

        def noting(config: Any) -> None:
            try:
                log_in(config)
            except Exception as error:
                _failed_logins.append(str(error))
                raise

        module.Config.init_auth = noting

    when_imported("databricks.sdk.config", change)


@contextlib.contextmanager
def logged() -> Iterator[list[BaseException]]:
    """The exceptions that MLflow handles by logging a warning, in the list that is yielded."""
    found: list[BaseException] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002
            if error := sys.exc_info()[1]:
                found.append(error)

    handler, logger = Handler(logging.WARNING), logging.getLogger("mlflow")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


def needs_login(error: BaseException, folders: list[str]) -> bool:
    """Whether it failed for want of a login at Databricks, where there is none."""
    chain = _chain(error)
    if any(words in str(each) for each in chain for words in _NOT_LOGGED_IN):
        return True
    root = _first(_unwrapped(error))
    if isinstance(root, _OF_THE_CODE):
        return False
    if variable := _variable(error):
        return variable.startswith("DATABRICKS_")
    if _failed_logins and not isinstance(root, _OF_DATA):
        return True
    frames = [frame for each in chain for frame in own_frames(each, folders)]
    return any(_lacks_login(frame, error) for frame in frames)


def _lacks_login(frame: traceback.FrameSummary, error: BaseException) -> bool:
    """Whether a line reads a variable of the login that isn't set, or a value of it from before."""
    if _names_unset(frame.line or ""):
        return True
    file = "".join(linecache.getlines(frame.filename))
    return bool(_OF_NOTHING.search(str(error))) and _names_unset(file)


def _names_unset(code: str) -> bool:
    return any(name not in os.environ for name in _LOGIN_VARIABLE.findall(code))


def report(error: BaseException, job: dict[str, Any], calls: AgentCalls) -> dict[str, Any]:
    """What went wrong at the step that was under way, for `AgentError` in the control process."""
    folders = job["agent_folders"]
    raised = _unwrapped(error)
    root = _first(raised)
    chain = [root, *_chain(raised)]
    frames = next((own for each in chain if (own := own_frames(each, folders))), [])
    # MLflow holds the example against the signature and the type hints before the agent is asked.
    # Around what a LangChain object raises, it puts an exception of its own.
    is_asked = calls.step == PREDICT and calls.function is not None
    is_refused = is_asked and not frames and type(root) is MlflowException
    return {
        "step": EXAMPLE if is_refused else calls.step,
        "type": type(root).__name__,
        "reason": _reason(root)[:TEXT_LIMIT],
        "text": "".join(dict.fromkeys(map(_text, chain)))[:TEXT_LIMIT],
        "frames": [_frame(each) for each in frames[-_MAX_FRAMES:]],
        "place": _place(root, frames) or _place_of_call(calls, folders),
        "mistake": [root.kind, root.name] if isinstance(root, Mistake) else None,
        "missing": missing_module.describe(root),
        "missing_file": _missing_file(root),
        "variable": _variable(root),
        "needs_login": needs_login(error, folders),
        "no_model_set": root is error
        and isinstance(error, MlflowException)
        and mlflow_model.__mlflow_model__ is None,
    }


def own_frames(error: BaseException, folders: list[str]) -> list[traceback.FrameSummary]:
    """The frames in the agent's folders; an environment that is kept there isn't the agent's."""
    return [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if is_agents(frame.filename, folders)
    ]


def _unwrapped(error: BaseException) -> BaseException:
    """The agent's exception, in which MLflow wraps it."""
    while isinstance(error, MlflowException) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _first(error: BaseException) -> BaseException:
    """Of a group that was raised for several tasks, the first task's exception."""
    while members := _members(error):
        error = members[0]
    return error


def _members(error: BaseException) -> tuple[BaseException, ...]:
    """The exceptions of a group, whose class Python 3.10 has from a package."""
    is_group = any(kind.__name__ == "BaseExceptionGroup" for kind in type(error).__mro__)
    return tuple(error.exceptions) if is_group else ()  # type: ignore[attr-defined]


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and those that it comes from."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo and len(found) < _MAX_CAUSES:
        at = todo.pop(0)
        if at is not None and at not in found:
            found.append(at)
            todo += [*_members(at), at.__cause__ or at.__context__]
    return found


def _text(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(type(error), error))


def _reason(error: BaseException) -> str:
    """The first line that says something: the heading of a validation's errors doesn't."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for at, line in enumerate(lines):
        if _VALIDATION.search(line):
            details = [each for each in lines[at + 1 : at + 3] if not each.startswith(_MORE)]
            return ": ".join([_VALIDATION.sub(r"\1", line), *details])
    first = lines[0] if lines else ""
    return " ".join(lines[:2]) if first.endswith(":") else first


def _place(error: BaseException, frames: list[traceback.FrameSummary]) -> list[Any] | None:
    """File and line. A syntax error in a module of the agent has no frame there."""
    if isinstance(error, SyntaxError) and error.filename:
        return [error.filename, error.lineno]
    if isinstance(error, Mistake) and error.place:
        return list(error.place)
    return [frames[-1].filename, frames[-1].lineno] if frames else None


def _place_of_call(calls: AgentCalls, folders: list[str]) -> list[Any] | None:
    """Where the agent is called, of an exception that is raised by who calls it."""
    if calls.step not in (PREDICT, ANSWER, STREAM) or not calls.function:
        return None
    return list(calls.function) if is_agents(calls.function[0], folders) else None


def _frame(frame: traceback.FrameSummary) -> list[Any]:
    line = linecache.getline(frame.filename, frame.lineno or 0).strip()
    return [frame.filename, frame.lineno, frame.name, line[:500]]


def _missing_file(error: BaseException) -> str | None:
    """The file that the agent looked for where there is none."""
    for each in _chain(error):
        if isinstance(each, (FileNotFoundError, NotADirectoryError)) and each.filename:
            return str(each.filename)[:TEXT_LIMIT]
        # Jinja's: "'system.txt' not found in search path: 'prompts'".
        if type(each).__name__ == "TemplateNotFound" and "search path" in str(each):
            name, *folders = re.findall(r"'([^']+)'", str(each)) or [""]
            return str(os.path.join(*folders[:1], name))[:TEXT_LIMIT]
    return None


def _variable(error: BaseException) -> str | None:
    """The environment variable that the agent reads, and that isn't set."""
    for each in _chain(error):
        if isinstance(each, KeyError) and each.args:
            frames = traceback.extract_tb(each.__traceback__)
            if frames and os.path.basename(frames[-1].filename) in ("os.py", "<frozen os>"):
                return str(each.args[0])[:TEXT_LIMIT]
    return None
