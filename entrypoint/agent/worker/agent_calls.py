"""What MLflow does with the agent while it saves it: which step is under way when it fails."""

from __future__ import annotations

import contextlib
import functools
import inspect
import linecache
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import model as mlflow_model
from mlflow.pyfunc.model import PythonModel

# The agent's file is run; MLflow looks at the example; the agent is asked; MLflow looks at what it
# answered.
LOAD, EXAMPLE, PREDICT, ANSWER, STREAM = "load", "example", "predict", "answer", "stream"

_MAX_DECORATOR_LINES = 20


class NotAsked(Exception):
    """The agent would be asked, and must not be."""


class Mistake(Exception):
    """The agent is made so that MLflow can't call it. `kind`: `class`, `async` or `object`."""

    def __init__(self, kind: str, name: str, place: tuple[str, int] | None = None) -> None:
        super().__init__(f"{kind}: {name}")
        self.kind = kind
        self.name = name
        self.place = place


class AgentCalls:
    """The step that is under way, `step`, of what is done with the agent."""

    def __init__(self) -> None:
        self.step = LOAD
        self.function: tuple[str, int] | None = None
        """File and line of the function that is called."""
        self._ask = True

    def begin(self, step: str, function: Any) -> None:
        """Begin a step in which a function of the agent is called."""
        self.step = step
        with contextlib.suppress(Exception):  # it has no code of Python's
            self.function = _place_of(function)

    @contextlib.contextmanager
    def followed(self, *, ask: bool) -> Iterator[None]:
        """Follow the model that is set, until the `with` block ends. `ask`: it may be asked.

        MLflow calls a ResponsesAgent, a ChatAgent and a ChatModel while it saves them, only to see
        that the answer has the right type. What is saved is the agent's file, so that an empty
        answer in place of `predict` for that moment changes nothing in the model.
        """
        self.step, self._ask = LOAD, ask
        set_model = mlflow_model.set_model

        def set_followed(model: Any) -> None:
            check_callable(model)
            try:
                set_model(self._followed(model))
            except MlflowException as error:
                raise Mistake("object", type(model).__name__) from error

        mlflow.models.set_model = mlflow_model.set_model = set_followed
        try:
            yield
        finally:
            mlflow.models.set_model = mlflow_model.set_model = set_model

    def _followed(self, model: Any) -> Any:
        """The model with its `predict` followed, if it is of one of MLflow's own kinds."""
        self.step = PREDICT
        if inspect.isfunction(model):
            model = self._asking(model, None)
        elif isinstance(model, PythonModel):
            with contextlib.suppress(Exception):  # of a class that takes no such attribute
                asking = self._asking(model.predict, _empty_answer(model))
                model.predict = asking  # type: ignore[method-assign]
                self.step = EXAMPLE
        return model

    def _asking(self, predict: Callable[..., Any], empty_answer: Any) -> Callable[..., Any]:
        @functools.wraps(predict)
        def asking(*arguments: Any, **named: Any) -> Any:
            self.begin(PREDICT, predict)
            if not self._ask:
                if empty_answer is None:
                    raise NotAsked
                return empty_answer
            answer = predict(*arguments, **named)
            if inspect.iscoroutine(answer):
                answer.close()
                raise _asynchronous(predict)
            self.step = ANSWER
            return answer

        return asking

    def streaming(self, stream: Callable[..., Any]) -> Callable[..., Any]:
        """The agent's `predict_stream`, followed from one `yield` to the next."""

        @functools.wraps(stream)
        def streaming(*arguments: Any, **named: Any) -> Iterator[Any]:
            events = stream(*arguments, **named)
            for event in events:
                if place := _place_of_yield(events, inspect.unwrap(stream).__code__):
                    self.function = place
                yield event

        return streaming


def check_callable(model: Any) -> None:
    """See that MLflow can call what `set_model` was given.

    Raises:
        Mistake: it is a class, or its `predict` a coroutine.

    """
    if inspect.isclass(model):
        raise Mistake("class", model.__name__)
    if isinstance(model, PythonModel):
        check_is_synchronous(model, "predict")
    elif inspect.isfunction(model) and _is_asynchronous(model):
        raise _asynchronous(model)


def check_is_synchronous(model: PythonModel, name: str) -> None:
    """See that a method of the agent is an ordinary function or generator.

    Raises:
        Mistake: it is a coroutine or an asynchronous generator.

    """
    function = getattr(type(model), name, None)
    if function and _is_asynchronous(function):
        raise _asynchronous(function)


def _is_asynchronous(function: Callable[..., Any]) -> bool:
    function = inspect.unwrap(function)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _asynchronous(function: Callable[..., Any]) -> Mistake:
    return Mistake("async", inspect.unwrap(function).__name__, _place_of(function))


def _place_of(function: Callable[..., Any]) -> tuple[str, int]:
    """The file and the line of a function's `def`."""
    code = inspect.unwrap(function).__code__
    first = code.co_firstlineno
    # A decorated function begins at its first decorator.
    lines = range(first, first + _MAX_DECORATOR_LINES)
    return code.co_filename, next(
        (line for line in lines if "def " in linecache.getline(code.co_filename, line)), first
    )


def _place_of_yield(events: Any, code: CodeType) -> tuple[str, int] | None:
    """Where the generator of a function is, around which MLflow may have put others."""
    while inspect.isgenerator(events) and events.gi_frame:
        if events.gi_code is code:
            return code.co_filename, events.gi_frame.f_lineno
        inner = events.gi_frame.f_locals.values()
        events = next((each for each in inner if inspect.isgenerator(each)), None)
    return None


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
