"""Building: MLflow runs the agent's file and writes the model directory."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import mlflow
import mlflow.artifacts
import yaml
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.models import model as mlflow_model

from . import failures, file_observer, request_observer, variable_observer
from .agent_calls import ANSWER, LOAD, AgentCalls
from .failures import needs_login

# The flavors that MLflow logs from code: module, and the argument that takes the code's path.
_FLAVORS = {
    "pyfunc": ("mlflow.pyfunc", "python_model"),
    "langchain": ("mlflow.langchain", "lc_model"),
    "llama_index": ("mlflow.llama_index", "llama_index_model"),
}
# Top-level packages whose objects belong to another flavor than pyfunc.
_PACKAGES = {
    "langchain": "langchain",
    "langchain_classic": "langchain",
    "langchain_core": "langchain",
    "langgraph": "langchain",
    "llama_index": "llama_index",
    "workflows": "llama_index",
}


def build(job: dict[str, Any], calls: AgentCalls) -> dict[str, Any]:
    """Write the model directory; the verdict says what MLflow made."""
    # As MLflow does it when the model is loaded; the checkout's own folders come at the end, where
    # a `types.py` next to the agent can't stand in for the standard library's.
    if job["code_paths"]:
        sys.path.insert(0, job["code"])
        sys.meta_path.insert(0, _CodeFinder(job["code"], job["import_paths"]))
    sys.path.extend(job["import_paths"])
    os.makedirs(job["artifacts_folder"], exist_ok=True)
    os.chdir(job["working_folder"])
    requests = request_observer.begin()
    variables = variable_observer.begin(job["agent_folders"])
    files = file_observer.begin(job["checkout"], job["agent_folders"])
    with failures.logged() as logged:
        flavor, asked = _saved(job, calls)
    model = _without_local_paths(job)
    if not (model.signature and model.signature.outputs) and asked and logged:
        # MLflow only warns of it: what the agent raised when it was asked the example.
        raise logged[-1]
    _make_readable(job["model"])
    return {
        "flavor": flavor,
        "inferred": _inferred_resources() if flavor == "langchain" else [],
        "mlflow_version": mlflow.__version__,
        "python_version": ".".join(str(part) for part in sys.version_info[:3]),
        "answered": asked and calls.step == ANSWER,
        "variables": variables,
        "has_signature": model.signature is not None and model.signature.outputs is not None,
        "has_given_signature": not job["signature"] or model.signature == _signature(job),
        "requests": requests,
        "files": list(files),
        "prompts": job["prompts"],
    }


def _saved(job: dict[str, Any], calls: AgentCalls) -> tuple[str, bool]:
    """Save the model; its flavor, and whether the agent was asked.

    Where nobody is logged in, an agent that needs it for its answer is saved without being asked.
    """
    save = _save_inferring_flavor if job["flavor"] == "auto" else _save
    ask = job["verify"] == "predict"
    try:
        with calls.followed(ask=ask):
            return save(job, job["flavor"], ask=ask), ask
    except Exception as error:
        was_loaded = calls.step != LOAD
        if job["logged_in"] or not was_loaded or not needs_login(error, job["agent_folders"]):
            raise
    with calls.followed(ask=False):
        return save(job, job["flavor"], ask=False), False


class _CodeFinder(MetaPathFinder):
    """Finds what is in the model's `code/` as on serving, where the checkout is on no search path.

    Here a module beside the agent would come before a folder of the same name that has no
    `__init__.py`: https://docs.python.org/3/reference/import.html#namespace-packages
    """

    def __init__(self, code: str, import_paths: list[str]) -> None:
        self._code = code
        self._import_paths = import_paths

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if path or not PathFinder.find_spec(fullname, [self._code]):
            return None
        serving = [each for each in sys.path if each not in self._import_paths]
        return PathFinder.find_spec(fullname, serving, target)


def _save_inferring_flavor(job: dict[str, Any], _: str, *, ask: bool) -> str:
    """Save with the flavor of the object given to `set_model`, known only once the file has run.

    MLflow runs it inside `save_model`. pyfunc, by far the most common, is tried first, so that its
    agents run once.
    """
    try:
        _save(job, "pyfunc", ask=ask)
    except MlflowException:
        flavor = _flavor_of(mlflow_model.__mlflow_model__)
        if flavor == "pyfunc":
            raise
    else:
        flavor = _flavor_of(mlflow_model.__mlflow_model__)
        if flavor == "pyfunc":
            return flavor
    return _save(job, flavor, ask=ask)


def _flavor_of(model: object) -> str:
    """Judge by the packages that the object's classes come from, importing none of them."""
    for kind in type(model).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in _PACKAGES:
            return _PACKAGES[package]
    return "pyfunc"


def _save(job: dict[str, Any], flavor: str, *, ask: bool) -> str:
    module, argument = _FLAVORS[flavor]
    config = yaml.safe_load(Path(job["model_config"]).read_bytes()) if job["model_config"] else None
    # A first attempt with another flavor may have left files, and the model that was set.
    shutil.rmtree(job["model"], ignore_errors=True)
    mlflow_model.__mlflow_model__ = None
    optional: dict[str, Any] = {argument: job["agent"]}
    if job["code_paths"]:
        optional["code_paths"] = job["code_paths"]
    if job["artifacts"]:
        optional["artifacts"] = _artifact_paths(job)
    if job["signature"]:
        optional["signature"] = _signature(job)
    # MLflow asks an agent of another flavor than pyfunc itself, to infer the signature.
    is_inferred = not (ask or job["signature"] or flavor == "pyfunc")
    importlib.import_module(module).save_model(
        path=job["model"],
        pip_requirements=job["requirements"],
        model_config=config,
        input_example=None if is_inferred else job["input_example"],
        # Not as an argument of its own: the langchain flavor has none.
        mlflow_model=Model(**job["authorization"]),
        **optional,
    )
    return flavor


def _signature(job: dict[str, Any]) -> ModelSignature:
    signature: ModelSignature = ModelSignature.from_dict(job["signature"])
    return signature


def _artifact_paths(job: dict[str, Any]) -> dict[str, str]:
    """Local paths of the artifacts by name, those of a URI downloaded once.

    Given a URI, MLflow would show the agent that, and no path, while it is saved.
    """
    folder = Path(job["artifacts_folder"])
    paths = {}
    for name, artifact in job["artifacts"].items():
        if artifact["uri"] and name not in job["downloaded"]:
            (folder / name).mkdir()
            job["downloaded"][name] = mlflow.artifacts.download_artifacts(
                artifact["given"], dst_path=str(folder / name)
            )
        paths[name] = job["downloaded"].get(name) or artifact["path"]
    return paths


def _inferred_resources() -> list[tuple[str, str]]:
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


def _without_local_paths(job: dict[str, Any]) -> Model:
    """Take this machine's paths out of the model's `MLmodel`; what loads it reads none of them."""
    model = Model.load(job["model"])
    for flavor in model.flavors.values():
        if flavor.get("model_code_path"):
            flavor["model_code_path"] = os.path.basename(flavor["model_code_path"])
        for name, artifact in (flavor.get("artifacts") or {}).items():
            artifact["uri"] = job["artifacts"][name]["given"]
    if job["prompts"] and hasattr(model, "prompts"):  # not before MLflow 3
        model.prompts = job["prompts"]
    model.save(os.path.join(job["model"], "MLmodel"))
    return model


def _make_readable(model: str) -> None:
    """Let the control process read the model: an agent may write files that only it can read."""
    for folder, _, names in os.walk(model):
        for path in (folder, *(os.path.join(folder, name) for name in names)):
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode | 0o444)
