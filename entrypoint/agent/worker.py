"""The worker: builds and verifies the agent, in the agent's own Python environment.

A file of its own that imports nothing of log-agent, because it runs in another interpreter, with
whatever Python and MLflow the agent has. It imports MLflow once and then, for each stage that it
reads from its standard input, forks a child: what the agent does while it is built can't be there
when it is verified. A child writes its verdict to `<stage>.json`; the exit status goes to the
descriptor in `argv[2]`, one JSON line a stage.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import yaml
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.models import model as mlflow_model

# The flavors that MLflow logs from code: module, and the argument that takes the code's path.
FLAVORS = {
    "pyfunc": ("mlflow.pyfunc", "python_model"),
    "langchain": ("mlflow.langchain", "lc_model"),
}
# Top-level packages whose objects belong to another flavor than pyfunc.
PACKAGES = {"langchain": "langchain", "langchain_core": "langchain", "langgraph": "langchain"}
TEXT_LIMIT = 20_000

Job = dict[str, Any]
Verdict = dict[str, Any]


def build(job: Job) -> Verdict:
    """Write the model directory; MLflow runs the agent's file for that."""
    # At the end: a `types.py` beside the agent must not stand in for the standard library's.
    sys.path.extend(job["import_paths"])
    os.chdir(Path(job["agent"]).parent)
    flavor = job["flavor"]
    if flavor != "auto":
        save(job, flavor)
    else:
        flavor = save_as_found(job)
    model = tidy(job["model"])
    return {
        "flavor": flavor,
        "mlflow_version": mlflow.__version__,
        "python_version": ".".join(str(part) for part in sys.version_info[:3]),
        "has_signature": model.signature is not None and model.signature.outputs is not None,
    }


def save_as_found(job: Job) -> str:
    """Save with the flavor of what `set_model` was given, which only running the file tells.

    MLflow runs it inside `save_model`: pyfunc, by far the most common, goes first, so that its
    agents run once.
    """
    try:
        save(job, "pyfunc")
    except MlflowException:
        flavor = flavor_of(mlflow_model.__mlflow_model__)
        if flavor == "pyfunc":
            raise
    else:
        flavor = flavor_of(mlflow_model.__mlflow_model__)
        if flavor == "pyfunc":
            return flavor
    save(job, flavor)
    return flavor


def flavor_of(model: object) -> str:
    """Judge by the packages that the object's classes come from, importing none of them."""
    for kind in type(model).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in PACKAGES:
            return PACKAGES[package]
    return "pyfunc"


def save(job: Job, flavor: str) -> None:
    module, argument = FLAVORS[flavor]
    config = yaml.safe_load(Path(job["model_config"]).read_bytes()) if job["model_config"] else None
    # A first attempt with another flavor may have left files, and the model that was set.
    shutil.rmtree(job["model"], ignore_errors=True)
    mlflow_model.__mlflow_model__ = None
    importlib.import_module(module).save_model(
        path=job["model"],
        pip_requirements=job["requirements"],
        model_config=config,
        input_example=job["input_example"],
        # Not as an argument of its own: the langchain flavor has none.
        mlflow_model=Model(resources=job["resources"]),
        **{argument: job["agent"]},
    )


def tidy(path: str) -> Model:
    """Take this machine's path out of the model: loaders only look at its last part."""
    model = Model.load(path)
    for flavor in model.flavors.values():
        if flavor.get("model_code_path"):
            flavor["model_code_path"] = os.path.basename(flavor["model_code_path"])
    model.save(os.path.join(path, "MLmodel"))
    return model


def verify(job: Job) -> Verdict:
    """Load the model directory as serving does, and ask it the example that it carries."""
    os.chdir(job["empty_folder"])
    started = time.monotonic()
    agent = mlflow.pyfunc.load_model(job["model"])
    loaded = time.monotonic()
    verdict: Verdict = {"load_seconds": loaded - started, "answer": None, "predict_seconds": None}
    model = Model.load(job["model"])
    example = model.load_input_example(job["model"]) if job["verify"] == "predict" else None
    if example is None:
        return verdict
    parameters = model.load_input_example_params(job["model"])
    answer = agent.predict(example, **({"params": parameters} if parameters else {}))
    verdict["predict_seconds"] = time.monotonic() - loaded
    verdict["answer"] = shown(answer)
    return verdict


def shown(answer: Any) -> str:
    """JSON where the answer can be that, bounded."""
    if hasattr(answer, "to_dict"):  # pandas
        answer = answer.to_dict()
    try:
        text = json.dumps(answer, indent=2, ensure_ascii=False, default=plain)
    except (TypeError, ValueError):
        text = str(answer)
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "\n…"


def plain(value: Any) -> Any:
    """Pydantic models, numpy arrays and scalars as JSON knows them; the rest as text."""
    for method in ("model_dump", "tolist"):
        if hasattr(value, method):
            return getattr(value, method)()
    return str(value)


def described(error: BaseException, job: Job) -> Verdict:
    """What went wrong, without MLflow's wrapping and with the agent's frames only."""
    while isinstance(error, MlflowException) and error.__cause__ is not None:
        error = error.__cause__
    frames = traceback.extract_tb(error.__traceback__)
    # The environment may be kept in the checkout, but it isn't the agent's.
    own = [
        frame
        for frame in frames
        if frame.filename.startswith(tuple(job["agent_folders"]))
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
    }


def judge(stage: str, job: Job) -> None:
    """Run one stage in this (forked) process and write its verdict."""
    try:
        verdict = {"build": build, "verify": verify}[stage](job)
    # An agent may end its process as well as fail: that is a verdict too, not the worker's end.
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001
        verdict = {"error": described(error, job)}
        # MLflow's own complaint, not one that the agent's code caused.
        if isinstance(error, MlflowException) and error.__cause__ is None:
            verdict["error"]["no_model_set"] = mlflow_model.__mlflow_model__ is None
    target = Path(job["verdicts"], stage + ".json")
    target.write_text(json.dumps(verdict), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()


def fork() -> int:
    """Fork without Python's warning about threads.

    The only ones here are OpenBLAS' and jemalloc's (NumPy's and PyArrow's), which both prepare for
    a fork with pthread_atfork; MLflow starts none on import.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    reply = int(sys.argv[2])
    for line in sys.stdin:
        stage = line.strip()
        child = fork()
        if child == 0:
            try:
                os.close(reply)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                judge(stage, job)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        os.write(reply, (json.dumps({"stage": stage, "status": status}) + "\n").encode())


main()
