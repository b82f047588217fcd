"""Verifying: load the model directory as serving does, and call the agent with its example."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import mlflow.pyfunc
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.models import model as mlflow_model
from mlflow.models.utils import _enforce_schema

from . import request_observer, variable_observer
from .agent_calls import ANSWER, PREDICT, STREAM, AgentCalls, check_is_synchronous
from .failures import TEXT_LIMIT, needs_login


def verify(job: dict[str, Any], calls: AgentCalls) -> dict[str, Any]:
    """Load the model in an empty folder; the verdict has the times, the answer and the requests."""
    for folder in (job["empty_folder"], os.environ["HOME"], os.environ["TMPDIR"]):
        os.makedirs(folder)
    os.chdir(job["empty_folder"])
    verdict: dict[str, Any] = {
        "requests": request_observer.begin(),
        "variables": variable_observer.begin(job["agent_folders"]),
        "prompts": job["prompts"],
    }
    started = time.monotonic()
    path = job["private_copy"]
    agent = mlflow.pyfunc.load_model(path, suppress_warnings=True)
    verdict["load_seconds"] = time.monotonic() - started
    model = Model.load(path)
    example = model.load_input_example(path) if job["verify"] == "predict" else None
    if example is None:
        return verdict
    parameters = model.load_input_example_params(path)
    arguments = {"params": parameters} if parameters else {}
    try:
        answer = _ask(agent, example, arguments, calls, verdict)
    except Exception as error:
        if job["logged_in"] or not needs_login(error, job["agent_folders"]):
            raise
        verdict["no_credentials"] = str(error)[:TEXT_LIMIT]
        return verdict
    calls.step = ANSWER
    if job["signature"]:
        _check_answer(model, answer)
    verdict["answer"] = _as_text(answer)
    return verdict


def _ask(
    agent: Any, example: Any, arguments: dict[str, Any], calls: AgentCalls, verdict: dict[str, Any]
) -> Any:
    """The answer; the verdict gets the times, and the number of chunks of one that streams."""
    python_model: Any = mlflow_model.__mlflow_model__
    is_class = isinstance(python_model, mlflow.pyfunc.PythonModel)
    calls.begin(PREDICT, python_model.predict if is_class else python_model)
    started = time.monotonic()
    answer = agent.predict(example, **arguments)
    verdict["predict_seconds"] = time.monotonic() - started
    if _streams(python_model):
        check_is_synchronous(python_model, "predict_stream")
        calls.begin(STREAM, python_model.predict_stream)
        python_model.predict_stream = calls.streaming(python_model.predict_stream)
        started = time.monotonic()
        verdict["chunks"] = sum(1 for _ in agent.predict_stream(example, **arguments))
        verdict["stream_seconds"] = time.monotonic() - started
    return answer


def _streams(agent: object) -> bool:
    """Whether the agent itself defines `predict_stream`.

    Every ResponsesAgent has one from MLflow, and every LangChain object one from LangChain.
    """
    return isinstance(agent, mlflow.pyfunc.PythonModel) and any(
        "predict_stream" in vars(kind)
        for kind in type(agent).__mro__
        if not kind.__module__.startswith("mlflow.")
    )


def _check_answer(model: Model, answer: Any) -> None:
    """Check the answer against the signature that the user gave.

    A signature that MLflow has from the interface or from type hints it checks by itself, and one
    that is inferred from the example is made from the agent's own answer.

    Raises:
        TypeError: the answer does not fit.

    """
    if not hasattr(answer, "to_dict"):
        answer = json.loads(json.dumps(answer, default=_plain))
    try:
        _enforce_schema(answer, model.signature.outputs)
    except MlflowException as error:
        raise TypeError(f"the answer does not fit the signature's outputs: {error}") from None


def _as_text(answer: Any) -> str:
    """JSON where the answer can be that, cut after `TEXT_LIMIT` characters."""
    if hasattr(answer, "to_dict"):  # pandas
        answer = answer.to_dict()
    try:
        text = json.dumps(answer, indent=2, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError):
        text = str(answer)
    if len(text) <= TEXT_LIMIT:
        return text
    return f"{text[:TEXT_LIMIT]}\n… {len(text) - TEXT_LIMIT:,} more characters"


def _plain(value: Any) -> Any:
    """Pydantic models, numpy arrays and scalars as JSON knows them; the rest as text."""
    for method in ("model_dump", "tolist"):
        if hasattr(value, method):
            return getattr(value, method)()
    return str(value)
