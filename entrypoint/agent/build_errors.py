"""Why an agent can't be built or verified: the problem, its place in the checkout and the fix."""

import json
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from entrypoint.agent.build_spec import BuildSpec
from entrypoint.agent.code_paths import suggestion
from entrypoint.agent.worker_client import WorkerProcess
from entrypoint.runtime.errors import Place, Problem

# The exit status of a stage's process that can't write its verdict: `NO_VERDICT` in `worker`.
_NO_VERDICT = os.EX_SOFTWARE


def problem(stage: str, error: dict[str, Any], spec: BuildSpec, copies: Iterable[Path]) -> Problem:
    """What the agent's exception says to its user.

    `error`: see `worker/failures.py`. `copies`: where the model directory was built and loaded.
    """
    if error.get("no_model_set"):
        return Problem(
            f"`agent-path`: `{spec.shown}` does not call `mlflow.models.set_model(...)`, so MLflow"
            " does not know which object is the agent.",
            "Add it at the end of the file:\n\n    mlflow.models.set_model(agent)",
            Place(spec.shown),
        )
    copies = tuple(copies)
    is_in_agent = error["file"] and Path(error["file"]).name == spec.code.name
    line = error["line"] if is_in_agent else None
    what = {
        "build": f"`agent-path`: {spec.source.where(line)} fails while it is built",
        "verify": "verify: the agent fails in a clean process, without the checkout",
    }[stage]
    first_line = (error["message"].splitlines() or [""])[0]
    return Problem(
        f"{what}: {error['type']}: {first_line}",
        _fix(error, spec),
        _place(error, spec, copies),
        spec.source.with_cells(
            error["traceback"], spec.code, *(copy / spec.code.name for copy in copies)
        ),
    )


def no_signature(shown: str) -> Problem:
    """The model of the agent's file, `shown` to the user, has no output signature."""
    return Problem(
        f"`agent-path`: the model of `{shown}` has no output signature; Unity Catalog refuses such"
        " models.",
        "Do one of these:\n"
        "- make the agent a ResponsesAgent or a ChatAgent: their signature is known;\n"
        "- give an example from which it is inferred (the agent is called with it, and must"
        " answer):\n\n    with:\n      input-example: agents/support/input_example.json\n\n"
        "- give `predict` type hints from which MLflow reads it.",
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


def _place(error: dict[str, Any], spec: BuildSpec, copies: Iterable[Path]) -> Place | None:
    """The error's place in the checkout: what is built and what is loaded are copies of it."""
    if not error["file"]:
        return None
    path, line = Path(error["file"]), error["line"]
    if path == spec.code:
        return spec.source.place(line)
    for model in copies:
        if path.is_relative_to(model):
            return spec.place(path.relative_to(model), line)
    if path.is_relative_to(spec.code_paths.folder):
        return spec.place("code" / path.relative_to(spec.code_paths.folder), line)
    if spec.workspace.holds(path):
        return Place(spec.workspace.relative(path), line)
    return None


def _fix(error: dict[str, Any], spec: BuildSpec) -> str:
    module = (error["module"] or "").partition(".")[0]
    if module and (path := suggestion(module, spec.agent, spec.workspace)):
        return (
            f"`{module}` is in the checkout, but not in the model. Ship it with the agent:\n\n"
            f"    with:\n      code-paths: |\n        {path}"
        )
    if module:
        return (
            f"`{module}` is not in the agent's environment. Add the package that provides it to the"
            " requirements."
        )
    # MLflow's words: with models from code, `development_config` is not used.
    if error["message"].startswith("Config file is not provided"):
        return (
            "The agent reads a `ModelConfig`, and what is logged has only the one given here:\n\n"
            f"    with:\n      model-config: {Path(spec.shown).with_name('config.yml')}"
        )
    if error["type"] == "SystemExit":
        return (
            f"Take the call that ends the process (`sys.exit()`, `exit()`) out of `{spec.shown}`."
        )
    return ""
