"""What is reported of an exception that the agent raised."""

from __future__ import annotations

import sys
import traceback
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.models import model as mlflow_model

TEXT_LIMIT = 20_000
"""In characters, of each text in a verdict."""

# What the Databricks SDK and MLflow say when there are no credentials.
_NOT_LOGGED_IN = ("cannot configure default credentials", "Databricks credential configuration")


def needs_credentials(error: BaseException | None, job: dict[str, Any]) -> bool:
    """Whether it failed because nobody is logged in at Databricks, as on a fork's pull request."""
    if job["logged_in"]:
        return False
    while error is not None:
        if any(words in str(error) for words in _NOT_LOGGED_IN):
            return True
        error = error.__cause__ or error.__context__
    return False


def report(error: BaseException, agent_folders: list[str]) -> dict[str, Any]:
    """What went wrong, without MLflow's wrapping and with the frames in the agent's folders only.

    `no_model_set`: MLflow itself complains, for the agent's code has not called `set_model`.
    """
    is_mlflows_own = isinstance(error, MlflowException) and error.__cause__ is None
    while isinstance(error, MlflowException) and error.__cause__ is not None:
        error = error.__cause__
    frames = traceback.extract_tb(error.__traceback__)
    # The environment may be kept in the checkout, but it isn't the agent's.
    own = [
        frame
        for frame in frames
        if frame.filename.startswith(tuple(agent_folders))
        and not frame.filename.startswith(sys.prefix)
    ]
    # A syntax error in a module of the agent has no frame there.
    place = (getattr(error, "filename", None), getattr(error, "lineno", None))
    if not isinstance(error, SyntaxError):
        place = (own[-1].filename, own[-1].lineno) if own else (None, None)
    return {
        "type": type(error).__name__,
        "message": str(error)[:TEXT_LIMIT],
        "module": getattr(error, "name", None) if isinstance(error, ImportError) else None,
        "file": place[0],
        "line": place[1],
        "traceback": "".join(
            ["Traceback (the agent's part):\n"] * bool(own)
            + traceback.format_list(own)
            + traceback.format_exception_only(type(error), error)
        )[-TEXT_LIMIT:],
        "no_model_set": is_mlflows_own and mlflow_model.__mlflow_model__ is None,
    }
