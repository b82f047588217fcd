"""The worker: builds and verifies the agent, in the agent's own Python environment.

A file of its own that imports nothing of log-agent, because it runs in another interpreter, with
whatever Python and MLflow the agent has. It imports MLflow once and then, for each stage that it
reads from its standard input, forks a child: what the agent does while it is built can't be there
when it is verified. The job is in the file `argv[1]`, which is there by the first stage; a stage's
line has further variables for the agent. The exit status goes to the descriptor in `argv[2]`, one
JSON line a stage; before that a child writes its verdict to the descriptor in `argv[3]`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import shutil
import sys
import time
import traceback
import types
import warnings
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

# Imports make no garbage, and are searched for it all the time; `main` allows it again.
gc.disable()


def keep_bytecode_in(folder: str) -> list[str]:
    """Write the environment's bytecode into a folder, and read it there where it has none.

    The list that is returned grows with the source files that were compiled.

    The environment itself is kept for other jobs: what can be written here is not what they run.
    The checkout and the model are nobody's place for bytecode.
    """
    compiled: list[str] = []
    read, write = SourceFileLoader.get_data, SourceFileLoader.set_data

    def get_data(loader: SourceFileLoader, path: str) -> bytes:
        try:
            return read(loader, path)
        except OSError:
            if not (path.endswith(".pyc") and path.startswith(sys.prefix)):
                raise
            return read(loader, folder + path)

    def set_data(loader: SourceFileLoader, path: str, data: Any, **options: Any) -> None:
        if path.startswith(sys.prefix):
            write(loader, folder + path, data, **options)
            compiled.append(source_from_cache(path))

    SourceFileLoader.get_data = get_data  # type: ignore[assignment,method-assign]
    SourceFileLoader.set_data = set_data  # type: ignore[assignment,method-assign]
    return compiled


# Before the first import that takes long.
COMPILED = keep_bytecode_in(os.path.join(os.getcwd(), "bytecode"))

import mlflow
import mlflow.artifacts
import mlflow.pyfunc
import yaml
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.models import model as mlflow_model
from mlflow.models.utils import _enforce_schema
from mlflow.tracking._tracking_service import utils as tracking_service
from mlflow.utils import environment as mlflow_environment

# The flavors that MLflow logs from code: module, and the argument that takes the code's path.
FLAVORS = {
    "pyfunc": ("mlflow.pyfunc", "python_model"),
    "langchain": ("mlflow.langchain", "lc_model"),
    "llama_index": ("mlflow.llama_index", "llama_index_model"),
}
# Top-level packages whose objects belong to another flavor than pyfunc.
PACKAGES = {
    "langchain": "langchain",
    "langchain_classic": "langchain",
    "langchain_core": "langchain",
    "langgraph": "langchain",
    "llama_index": "llama_index",
    "workflows": "llama_index",
}
# What the Databricks SDK and MLflow say when there are no credentials.
NOT_LOGGED_IN = ("cannot configure default credentials", "Databricks credential configuration")
TEXT_LIMIT = 20_000
# The exit status of a child that can't write its verdict; `build` knows it too.
NO_VERDICT = os.EX_SOFTWARE

Job = dict[str, Any]
Verdict = dict[str, Any]


def build(job: Job) -> Verdict:
    """Write the model directory; MLflow runs the agent's file for that."""
    # As MLflow does it when the model is loaded; the checkout's own folders come at the end, where
    # a `types.py` beside the agent can't stand in for the standard library's.
    sys.path[:0] = [job["code"]] if job["code_paths"] else []
    sys.path.extend(job["import_paths"])
    os.makedirs(job["artifacts_folder"], exist_ok=True)
    os.chdir(job["working_folder"])
    save_it = save_as_found if job["flavor"] == "auto" else save
    try:
        flavor = save_it(job, job["flavor"])
    except Exception as error:
        if not needs_credentials(error, job):
            raise
        with unasked():
            flavor = save_it(job, job["flavor"])
    model = tidy(job)
    return {
        "flavor": flavor,
        "inferred": inferred_resources() if flavor == "langchain" else [],
        "mlflow_version": mlflow.__version__,
        "python_version": ".".join(str(part) for part in sys.version_info[:3]),
        "has_signature": model.signature is not None and model.signature.outputs is not None,
    }


def save_as_found(job: Job, _: str) -> str:
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
    return save(job, flavor)


def flavor_of(model: object) -> str:
    """Judge by the packages that the object's classes come from, importing none of them."""
    for kind in type(model).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in PACKAGES:
            return PACKAGES[package]
    return "pyfunc"


def save(job: Job, flavor: str) -> str:
    module, argument = FLAVORS[flavor]
    config = yaml.safe_load(Path(job["model_config"]).read_bytes()) if job["model_config"] else None
    # A first attempt with another flavor may have left files, and the model that was set.
    shutil.rmtree(job["model"], ignore_errors=True)
    mlflow_model.__mlflow_model__ = None
    optional: dict[str, Any] = {argument: job["agent"]}
    if job["code_paths"]:
        optional["code_paths"] = job["code_paths"]
    if job["artifacts"]:
        optional["artifacts"] = downloaded(job)
    if job["signature"]:
        optional["signature"] = ModelSignature.from_dict(job["signature"])
    importlib.import_module(module).save_model(
        path=job["model"],
        pip_requirements=job["requirements"],
        model_config=config,
        input_example=job["input_example"],
        # Not as an argument of its own: the langchain flavor has none.
        mlflow_model=Model(**job["authorization"]),
        **optional,
    )
    return flavor


@contextlib.contextmanager
def unasked() -> Iterator[None]:
    """Let MLflow save an agent whose model can't be reached for want of credentials.

    It asks a ResponsesAgent, a ChatAgent and a ChatModel while it saves them, only to see that the
    answer has the right type. What is saved is the agent's file, so an answer put in its place for
    that moment changes nothing in the model.
    """
    set_model = mlflow_model.set_model

    def set_model_unasked(model: Any) -> None:
        set_model(model)
        answer = empty_answer(model)
        if answer is not None:
            model.predict = lambda *_, **__: answer

    mlflow.models.set_model = mlflow_model.set_model = set_model_unasked
    try:
        yield
    finally:
        mlflow.models.set_model = mlflow_model.set_model = set_model


def empty_answer(model: Any) -> Any:
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


def downloaded(job: Job) -> dict[str, str]:
    """Artifacts by name, as local paths: MLflow would show the agent a URI while it is saved."""
    folder = Path(job["artifacts_folder"])
    places = {}
    for name, place in job["artifacts"].items():
        if place["uri"] and name not in job["downloaded"]:
            (folder / name).mkdir()
            job["downloaded"][name] = mlflow.artifacts.download_artifacts(
                place["given"], dst_path=str(folder / name)
            )
        places[name] = job["downloaded"].get(name) or place["path"]
    return places


def inferred_resources() -> list[tuple[str, str]]:
    """Kind and name of what MLflow records for LangChain when no resources are given."""
    try:
        # Not in every version.
        from mlflow.langchain.databricks_dependencies import (  # noqa: PLC0415
            _detect_databricks_dependencies,
        )

        found = _detect_databricks_dependencies(mlflow_model.__mlflow_model__)
        entries = [
            entry
            for resource in found
            for entry in resource.to_dict().items()  # type: ignore[no-untyped-call]
        ]
        return [(kind, each["name"]) for kind, names in entries for each in names]
    except Exception as error:  # noqa: BLE001 - it asks the workspace, and is best effort to MLflow too
        print(f"MLflow can't tell the resources of the LangChain object: {error}")
        return []


def tidy(job: Job) -> Model:
    """Take this machine's paths out of the model, which loaders look at none of; let it be read."""
    path = job["model"]
    model = Model.load(path)
    for flavor in model.flavors.values():
        if flavor.get("model_code_path"):
            flavor["model_code_path"] = os.path.basename(flavor["model_code_path"])
        for name, place in (flavor.get("artifacts") or {}).items():
            place["uri"] = job["artifacts"][name]["given"]
    model.save(os.path.join(path, "MLmodel"))
    # An agent may keep what it writes to itself.
    for folder, _, names in os.walk(path):
        for place in (folder, *(os.path.join(folder, name) for name in names)):
            if not os.path.islink(place):
                os.chmod(place, os.stat(place).st_mode | 0o444)
    return model


def verify(job: Job) -> Verdict:
    """Load the model directory as serving does, and ask it the example that it carries."""
    os.makedirs(job["empty_folder"])
    os.chdir(job["empty_folder"])
    requests = observed()
    started = time.monotonic()
    path = job["private_copy"]
    agent = mlflow.pyfunc.load_model(path, suppress_warnings=True)
    verdict: Verdict = {"load_seconds": time.monotonic() - started, "requests": requests}
    model = Model.load(path)
    example = model.load_input_example(path) if job["verify"] == "predict" else None
    if example is None:
        return verdict
    parameters = model.load_input_example_params(path)
    arguments = {"params": parameters} if parameters else {}
    try:
        started = time.monotonic()
        answer = agent.predict(example, **arguments)
        verdict["predict_seconds"] = time.monotonic() - started
        if streams(mlflow_model.__mlflow_model__):
            started = time.monotonic()
            verdict["chunks"] = sum(1 for _ in agent.predict_stream(example, **arguments))
            verdict["stream_seconds"] = time.monotonic() - started
    except Exception as error:
        if not needs_credentials(error, job):
            raise
        verdict["no_credentials"] = str(error)[:TEXT_LIMIT]
        return verdict
    if job["signature"]:
        check_answer(model, answer)
    verdict["answer"] = shown(answer)
    return verdict


def observed() -> list[Any]:
    """The list in which the agent's requests to Databricks are noted from now on."""
    # By its path: the interpreter has this file's folder not among its own.
    loader = SourceFileLoader(
        "log_agent_observer", str(Path(__file__).with_name("request_observer.py"))
    )
    observer = types.ModuleType(loader.name)
    loader.exec_module(observer)
    requests: list[Any] = observer.begin()
    return requests


def streams(agent: object) -> bool:
    """Whether the agent itself streams.

    MLflow says so of every ResponsesAgent and of every LangChain object, which can by LangChain's
    own code.
    """
    return isinstance(agent, mlflow.pyfunc.PythonModel) and any(
        "predict_stream" in vars(kind)
        for kind in type(agent).__mro__
        if not kind.__module__.startswith("mlflow.")
    )


def check_answer(model: Model, answer: Any) -> None:
    """Hold the answer against the signature that was given.

    One that MLflow has from the interface or from type hints it checks by itself, and one inferred
    from the example is what the agent answered.
    """
    if not hasattr(answer, "to_dict"):
        answer = json.loads(json.dumps(answer, default=plain))
    try:
        _enforce_schema(answer, model.signature.outputs)
    except MlflowException as error:
        raise TypeError(f"the answer does not fit the signature's outputs: {error}") from None


def needs_credentials(error: BaseException | None, job: Job) -> bool:
    """Whether it failed because nobody is logged in at Databricks, as on a fork's pull request."""
    if job["logged_in"]:
        return False
    while error is not None:
        if any(words in str(error) for words in NOT_LOGGED_IN):
            return True
        error = error.__cause__ or error.__context__
    return False


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


def judge(stage: str, job: Job, output: int) -> None:
    """Run one stage in this (forked) process and write its verdict."""
    try:
        verdict = {"build": build, "verify": verify}[stage](job)
        verdict["compiled"] = COMPILED
    # An agent may end its process as well as fail: that is a verdict too, not the worker's end.
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001
        verdict = {"error": described(error, job)}
        # MLflow's own complaint, not one that the agent's code caused.
        if isinstance(error, MlflowException) and error.__cause__ is None:
            verdict["error"]["no_model_set"] = mlflow_model.__mlflow_model__ is None
    with open(output, "w", encoding="utf-8", closefd=False) as file:
        file.seek(0)
        json.dump(verdict, file)
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


def keep_to_the_store_that_is_thrown_away() -> None:
    """What the agent traces and logs while it is built and verified is nobody's."""
    # Set, so that a variable which the agent sets has no effect either.
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])

    def set_tracking_uri(uri: Any) -> None:
        print(f"mlflow.set_tracking_uri({str(uri)!r}) has no effect while log-agent builds")

    # Wherever MLflow, or the agent by an import, may have it from.
    for module in (mlflow, mlflow.tracking, tracking_service):
        module.set_tracking_uri = set_tracking_uri  # type: ignore[attr-defined]


def take_requirements_as_met() -> None:
    """Spare MLflow a look at every package that is installed: they are what was locked.

    For a model that is loaded, `suppress_warnings` is how it is told; for one that is saved there
    is no such argument.
    """
    mlflow_environment.warn_dependency_requirement_mismatches = (  # type: ignore[attr-defined]
        lambda model_requirements: None  # noqa: ARG005 - MLflow's name for it
    )


def main() -> None:
    reply, output = (int(descriptor) for descriptor in sys.argv[2:])
    job: Job = {}
    keep_to_the_store_that_is_thrown_away()
    take_requirements_as_met()
    gc.freeze()
    gc.enable()
    for line in sys.stdin:
        # Once, and before anything of the agent runs.
        job = job or json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        told = json.loads(line)
        stage = told["stage"]
        os.environ.update(told["environ"])
        child = fork()
        if child == 0:
            ended = NO_VERDICT
            try:
                os.close(reply)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                judge(stage, job, output)
                ended = 0
            except OSError as error:  # a disk that is full
                print(f"The verdict can't be written: {error}")
            except BaseException:  # noqa: BLE001 - `finally` would swallow it
                traceback.print_exc()
            finally:
                os._exit(ended)
        _, status = os.waitpid(child, 0)
        os.write(reply, (json.dumps({"stage": stage, "status": status}) + "\n").encode())


main()
