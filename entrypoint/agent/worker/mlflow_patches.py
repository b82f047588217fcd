"""Functions of MLflow that are replaced while log-agent builds and verifies.

MLflow has no setting or argument for what they do.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import mlflow
from mlflow.models import model as mlflow_model
from mlflow.tracking._tracking_service import utils as tracking_service
from mlflow.utils import environment as mlflow_environment


def pin_tracking_store() -> None:
    """Keep to the store that is thrown away: what the agent traces and logs here is not published.

    `mlflow.set_tracking_uri` has no effect from now on.
    """
    # Set, so that a variable which the agent sets has no effect either.
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])

    def set_tracking_uri(uri: Any) -> None:
        print(f"mlflow.set_tracking_uri({str(uri)!r}) has no effect while log-agent builds")

    # Wherever MLflow, or the agent by an import, may have it from.
    for module in (mlflow, mlflow.tracking, tracking_service):
        module.set_tracking_uri = set_tracking_uri  # type: ignore[attr-defined]


def skip_requirement_check() -> None:
    """Spare MLflow a look at every package that is installed: they are what was locked.

    `load_model` has `suppress_warnings` for that, and `save_model` has no such argument.
    """
    mlflow_environment.warn_dependency_requirement_mismatches = (  # type: ignore[attr-defined]
        lambda model_requirements: None  # noqa: ARG005 - MLflow's name for it
    )


@contextlib.contextmanager
def predict_replaced() -> Iterator[None]:
    """Let MLflow save an agent whose model can't be reached for want of credentials.

    MLflow calls a ResponsesAgent, a ChatAgent and a ChatModel while it saves them, only to see that
    the answer has the right type. What is saved is the agent's file, so that an empty answer in
    place of `predict` for that moment changes nothing in the model.
    """
    set_model = mlflow_model.set_model

    def set_model_with_empty_answer(model: Any) -> None:
        set_model(model)
        answer = _empty_answer(model)
        if answer is not None:
            model.predict = lambda *_, **__: answer

    mlflow.models.set_model = mlflow_model.set_model = set_model_with_empty_answer
    try:
        yield
    finally:
        mlflow.models.set_model = mlflow_model.set_model = set_model


def _empty_answer(model: Any) -> Any:
    """An answer of the type that the agent's interface promises, None for other models."""
    names = {kind.__name__ for kind in type(model).__mro__ if kind.__module__.startswith("mlflow.")}
    if "ResponsesAgent" in names:
        from mlflow.types.responses import ResponsesAgentResponse  # noqa: PLC0415 - not in 2.x

        return ResponsesAgentResponse(output=[])
    if "ChatAgent" in names:
        from mlflow.types.agent import ChatAgentResponse  # noqa: PLC0415 - not before 2.20

        return ChatAgentResponse(messages=[])
    if "ChatModel" in names:
        from mlflow.types.llm import ChatChoice, ChatCompletionResponse, ChatMessage  # noqa: PLC0415

        return ChatCompletionResponse([ChatChoice(ChatMessage("assistant", ""))])
    return None
