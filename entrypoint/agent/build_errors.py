"""Why an agent can't be built or verified: the problem, its place in the checkout and the fix."""

import ast
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

from entrypoint.agent import agent_error
from entrypoint.agent.agent_error import AgentError, Checkout
from entrypoint.agent.build_fixes import Fixes
from entrypoint.agent.build_spec import BuildSpec
from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.agent.source.static_checks import is_main_guard
from entrypoint.agent.worker_client import WorkerProcess
from entrypoint.resources.scan.parsing import parsed
from entrypoint.runtime.errors import Place, Problem

# The exit status of a stage's process that can't write its verdict: `NO_VERDICT` in `worker`.
_NO_VERDICT = os.EX_SOFTWARE
_CLEAN = "in a clean process, without the checkout"
# What the agent doesn't do, by the step in which it fails.
_BUILDING = {
    "load": "fails while it is built",
    "example": "fails while it is built",
    "predict": "doesn't answer the example",
    "answer": "answers the example with something that MLflow doesn't take",
    "stream": "answers the example, but `predict_stream` fails",
}
_VERIFYING = {
    **_BUILDING,
    "load": f"fails to load {_CLEAN}",
    "example": "can't be asked the example",
    "answer": "gives an answer that doesn't fit",
}
# How MLflow's interfaces are asked, by the types that they validate an example with.
_MESSAGES = '{"messages": [{"role": "user", "content": "What can you do?"}]}'
_REQUESTS = {
    "ResponsesAgentRequest": ("a ResponsesAgent", _MESSAGES.replace("messages", "input")),
    "ChatAgentRequest": ("a ChatAgent", _MESSAGES),
    "ChatAgentMessage": ("a ChatAgent", _MESSAGES),
    "ChatMessage": ("a ChatModel", _MESSAGES),
}
_ASYNC = """\
Make it an ordinary function, and run in it what is asynchronous:

    def predict(self, request):
        return asyncio.run(self._answer(request))"""
_ASYNC_STREAM = """\
Make it an ordinary generator, for example over what the asynchronous one yields:

    def predict_stream(self, request):
        with asyncio.Runner() as runner:
            events = self._events(request)
            while (event := runner.run(anext(events, None))) is not None:
                yield event"""


def problem(
    stage: str, error: AgentError, checkout: Checkout, fixes: Fixes, *, answered: bool
) -> Problem:
    """What the agent's exception says to its user. `answered`: the example, while it was built."""
    spec = checkout.spec
    if error.no_model_set:
        return _no_model_set(spec.source)
    place = checkout.place(*error.place) if error.place else None
    if error.mistake:
        return _mistake(*error.mistake, spec.source, place)
    if not error.frames and (blamed := _wrong_input(error, spec)):
        return blamed
    reason = f"{error.type}: {checkout.shown(error.reason)}".rstrip(": ")
    return Problem(
        f"{_what(stage, error, spec, place, answered=answered)}: {reason}",
        fixes.of(error, place),
        place or Place(spec.shown),
        agent_error.traceback(error, checkout),
    )


def _what(
    stage: str, error: AgentError, spec: BuildSpec, place: Place | None, *, answered: bool
) -> str:
    """What the agent doesn't do, and where."""
    if stage == "build":
        line = error.place[1] if error.place and place and place.file == spec.shown else None
        return f"`agent-path`: {spec.source.where(line)} {_BUILDING[error.step]}"
    if error.step == "predict" and answered:
        return f"verify: the agent answers the example while it is built, but fails {_CLEAN}"
    return f"verify: the agent {_VERIFYING[error.step]}"


def _wrong_input(error: AgentError, spec: BuildSpec) -> Problem | None:
    """The input that MLflow refuses, if it isn't the agent's file: nothing of that was run yet."""
    if spec.signature and "remove the `signature` parameter" in error.reason:
        return Problem(
            f"`signature`: an agent of this kind has a signature of its own: {error.reason}",
            "Take the input `signature` out of the step.",
            spec.signature_place,
        )
    if error.step != "example" or spec.input_example is None:
        return None
    kind, example = next(
        (known for name, known in _REQUESTS.items() if name in error.text), ("", "")
    )
    what = (
        f"{kind} can't be asked the example" if kind else "MLflow can't ask the agent the example"
    )
    return Problem(
        f"`input-example`: {what}: {error.reason}",
        f"{kind[0].upper()}{kind[1:]} is asked like this:\n\n{indent(example, ' ' * 4)}"
        if kind
        else "Change the example, or the signature or type hints of `predict` that it doesn't fit.",
        spec.example_place,
        error.text,
    )


def _mistake(kind: str, name: str, source: AgentSource, place: Place | None) -> Problem:
    line = f" (line {place.line})" if place and place.line else ""
    if kind == "class":
        return Problem(
            f"`agent-path`: `{source.shown}`{line} gives `set_model` the class `{name}`, and no"
            " instance of it.",
            f"Make one:\n\n    mlflow.models.set_model({name}())",
            place,
        )
    if kind == "object":
        return Problem(
            f"`agent-path`: `{source.shown}`{line} gives `set_model` an object of the type"
            f" `{name}`, which MLflow doesn't take for an agent.",
            "Give it a ResponsesAgent, a ChatAgent, another PythonModel, a function, or an object"
            " of LangChain, LangGraph or LlamaIndex.",
            place,
        )
    return Problem(
        f"`agent-path`: `async def {name}`{line}: MLflow calls it without `await`, so that it never"
        " runs.",
        _ASYNC_STREAM if name == "predict_stream" else _ASYNC,
        place,
    )


def _no_model_set(source: AgentSource) -> Problem:
    tree = parsed(source.text).tree
    calls = list(_set_model_calls(tree))
    if not calls:
        return Problem(
            f"`agent-path`: `{source.shown}` does not call `mlflow.models.set_model(...)`, so"
            " MLflow does not know which object is the agent.",
            "Add it at the end of the file:\n\n    mlflow.models.set_model(agent)",
            Place(source.shown),
        )
    call = calls[0]
    why = (
        "MLflow runs the file as a module, and not what is under `__main__`"
        if _is_under_main(call, tree)
        else "that line did not run, or failed unnoticed, while the file was loaded"
    )
    return Problem(
        f"`agent-path`: {source.where(call.lineno) if source.code else f'`{source.shown}`'} calls"
        f" `set_model` in {source.spot(call.lineno)}, but {why}.",
        f"Move the call to the end of the file, without indentation:\n\n    {ast.unparse(call)}",
        source.place(call.lineno, call.col_offset + 1),
    )


def _set_model_calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case (
                ast.Call(func=ast.Name(id="set_model"))
                | ast.Call(func=ast.Attribute(attr="set_model"))
            ):
                yield node


def _is_under_main(call: ast.Call, tree: ast.Module) -> bool:
    return any(is_main_guard(node) and call in ast.walk(node) for node in ast.walk(tree))


def no_signature(spec: BuildSpec) -> Problem:
    """The model has no output signature, and nothing failed that would tell why."""
    way = "give the signature itself:\n\n    with:\n      signature: signature.yml\n"
    if spec.verify != "predict":
        why = f"is inferred from an answer, and with `verify: {spec.verify}` nobody asks the agent"
    elif spec.input_example is None:
        why = "is inferred from an example, and none is given"
        way = (
            "give an example, which the agent is asked:\n\n    with:\n"
            f"      input-example: {Path(spec.shown).with_name('input_example.json')}\n"
        )
    else:
        why = "can't be inferred from what the agent answers to the example"
    return Problem(
        f"`agent-path`: the model of `{spec.shown}` has no output signature, without which Unity"
        f" Catalog refuses it: it {why}.",
        "Do one of these:\n"
        "- make the agent a ResponsesAgent or a ChatAgent: their signature is known;\n"
        f"- {way}\n"
        "- give `predict` type hints from which MLflow reads it.",
        Place(spec.shown),
    )


def other_signature(spec: BuildSpec) -> Problem:
    """MLflow has taken another signature than the one that was given."""
    return Problem(
        "`signature`: the model has another one than the given: MLflow takes the type hints of"
        " `predict`, and drops the given one, its `params` too.",
        "Take the type hints off `predict`, or the input `signature` out of the step.",
        spec.signature_place,
    )


def no_verdict(stage: str, reply: bytes, process: WorkerProcess) -> Problem:
    """The stage's process ended without a verdict; `reply` is empty if the worker itself ended."""
    status = os.waitstatus_to_exitcode(json.loads(reply)["status"]) if reply else process.status
    doing = {"build": "built", "verify": "verified"}[stage]
    if not reply:
        what = f"The process in which the agent is {doing} did not start or was ended"
    else:
        what = f"The agent ended its process while it was {doing}"
    if status < 0:
        name = signal.Signals(-status).name
        why = f"by signal {name}"
        fix = "SIGKILL mostly means that the runner is out of memory." if name == "SIGKILL" else ""
    else:
        why = f"with exit status {status}"
        fix = "Take calls such as `os._exit()` out of the agent." if reply else ""
    if reply and status == _NO_VERDICT:
        what, fix = f"How the agent is {doing} can't be told: its process failed", ""
    return Problem(f"{what}, {why}.", fix, detail=process.printed[-2000:])
