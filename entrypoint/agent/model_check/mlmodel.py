"""What `MLmodel` should hold.

Its keys are those that MLflow 2.13 to 3.17 write for a model from code:
https://mlflow.org/docs/latest/ml/model/#mlmodel-file
"""

import json
import re
from collections.abc import Collection, Mapping
from importlib.metadata import version as installed_version
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from entrypoint.agent.canonical_json import canonical
from entrypoint.agent.model_check import artifacts, authorization
from entrypoint.agent.model_check.manifest_view import ManifestView
from entrypoint.agent.model_check.pattern import (
    Optional,
    Rule,
    flag_or_absent,
    same,
    shown,
    text_or_absent,
)
from entrypoint.agent.model_check.signature import normalised

_PYFUNC = "python_function"
# MLflow's flavors by log-agent's names, with the module that loads a model of them from code.
_LOADERS = {
    "pyfunc": "mlflow.pyfunc.loaders.code_model",
    "langchain": "mlflow.langchain",
    "llama_index": "mlflow.llama_index",
}
# `agent/v1/responses`: MLflow's interfaces, by which Databricks knows what to ask an endpoint.
_TASK = re.compile(r"(agent|llm)/v\d+/[a-z]+")
# Keys that would have something else loaded than the agent's file: of models that are pickled, and
# of those that keep data next to it.
_REDIRECTING = {
    *("agent_data", "agent_primitive_data", "data", "loader_arg", "loader_fn", "model_config"),
    *("model_data", "model_type", "persist_dir", "python_model", "compression", "tools_data"),
}


def flavor_of(content: Mapping[Any, Any], view: ManifestView) -> str:
    """The flavor by log-agent's name: the manifest's, or for `auto` the one that stands there."""
    if view.flavor != "auto":
        return view.flavor
    flavors = content.get("flavors")
    names = flavors if isinstance(flavors, dict) else {}
    return next((name for name in ("langchain", "llama_index") if name in names), "pyfunc")


def expected(
    flavor: str, view: ManifestView, inferred: Collection[tuple[str, str]] | None
) -> dict[str, Any]:
    """The pattern of the whole file.

    `inferred`: kind and name of the resources that MLflow found in a LangChain object, None where
    that isn't known any more.
    """
    return {
        "flavors": _flavors(flavor, view),
        **authorization.expected(flavor, view, inferred),
        "mlflow_version": _mlflow_version(view),
        "signature": _signature(view),
        "metadata": Optional(
            {
                "task": Optional(_matching(_TASK, "a task of MLflow's")),
                "dependencies_schemas": _DATA,
            }
        ),
        "saved_input_example_info": Optional(
            {
                "artifact_path": "input_example.json",
                "serving_input_path": Optional("serving_input_example.json"),
                **dict.fromkeys(("format", "pandas_orient", "type"), text_or_absent()),
                "params": flag_or_absent(),
            }
        ),
        # Of the logged model, the run and the machine; nothing is loaded by them.
        **dict.fromkeys(
            ("artifact_path", "databricks_runtime", "model_id", "model_uuid", "run_id"),
            text_or_absent(),
        ),
        "utc_time_created": text_or_absent(),
        "model_size_bytes": Optional(Rule("a number", lambda value: type(value) is int)),
        # Of the prompt registry; the agent's code loads them, and not who loads the model.
        "prompts": Optional(Rule("a list of prompts' URIs", _are_prompts)),
        "is_signature_from_type_hint": flag_or_absent(),
        "type_hint_from_example": flag_or_absent(),
    }


def without_new_keys(content: dict[Any, Any], pattern: Mapping[str, Any]) -> dict[Any, Any]:
    """Leave out what a newer MLflow than this action's own may write; it is not known here.

    What would have something else loaded than the agent's file stays.
    """
    try:
        is_newer = Version(content["mlflow_version"]) > Version(installed_version("mlflow-skinny"))
    except (KeyError, TypeError, InvalidVersion):
        is_newer = False
    if not is_newer:
        return content
    known = {key: value for key, value in content.items() if key in pattern or key in _KNOWN}
    if isinstance(flavors := content.get("flavors"), dict):
        known["flavors"] = {
            name: {
                key: value
                for key, value in flavor.items()
                if key in pattern["flavors"].get(name, {}) or key in _REDIRECTING
            }
            if isinstance(flavor, dict)
            else flavor
            for name, flavor in flavors.items()
        }
    return known


_KNOWN = ("auth_policy", "env_vars", "resources")
_DATA = Optional(Rule("keys and values", lambda value: isinstance(value, dict)))


def _are_prompts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, str) and each.startswith("prompts:/") for each in value
    )


def _matching(pattern: re.Pattern[str], described: str) -> Rule:
    return Rule(
        described, lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None
    )


def python_version(view: ManifestView) -> Rule:
    """A version of the manifest's Python."""
    minor = re.escape(view.python_version)
    return _matching(re.compile(rf"{minor}\.\d+\w*"), f"a version of Python {view.python_version}")


def _flavors(flavor: str, view: ManifestView) -> dict[str, Any]:
    # Without files in it there is nothing to load, whatever stands there.
    code = "code" if view.has_code else Optional("code")
    flavors: dict[str, Any] = {
        _PYFUNC: {
            "artifacts": artifacts.expected(view) if view.artifacts else None,
            "cloudpickle_version": text_or_absent(),
            "code": code,
            "config": _config(view),
            "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
            "loader_module": _LOADERS.get(flavor),
            "model_code_path": view.entry_files[0],
            "predict_stream_fn": Optional("predict_stream"),
            "python_version": python_version(view),
            "streamable": flag_or_absent(),
        }
    }
    if flavor != "pyfunc":
        flavors[flavor] = {
            "code": code,
            "engine_type": text_or_absent(),
            f"{flavor}_version": text_or_absent(),
            "streamable": flag_or_absent(),
        }
    return flavors


def _config(view: ManifestView) -> Any:
    given = view.given.config or None
    if given is None:
        # Without a config, or with an empty one, MLflow writes either none or an empty one.
        return Optional(Rule("absent", lambda value: value == {}))
    return Rule(shown(given), lambda value: same(_as_json(value), _without_tuples(given)))


def _as_json(value: Any) -> Any:
    """A value of YAML as the manifest has it."""
    try:
        return json.loads(canonical(value))
    except ValueError:
        return None


def _without_tuples(value: Any) -> Any:
    """YAML has pairs, which are tuples to Python; MLflow writes them as lists."""
    if isinstance(value, dict):
        if set(value) == {"$tuple"}:
            return [_without_tuples(each) for each in value["$tuple"]]
        return {key: _without_tuples(each) for key, each in value.items()}
    return [_without_tuples(each) for each in value] if isinstance(value, list) else value


def _mlflow_version(view: ManifestView) -> Rule:
    pins = [version for line in view.requirements for version in _pinned_mlflow(line)]

    def is_locked(value: Any) -> bool:
        try:
            found = Version(value)
            return not pins or found in {Version(pin) for pin in pins}
        except (InvalidVersion, TypeError):
            return False

    return Rule(f"the locked {' or '.join(pins)}" if pins else "a version", is_locked)


def _pinned_mlflow(line: str) -> list[str]:
    """The version in a line that pins MLflow, none for any other."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return []
    if requirement.name not in ("mlflow", "mlflow-skinny"):
        return []
    return [each.version for each in requirement.specifier]


def _signature(view: ManifestView) -> Any:
    given = view.given.signature
    if given is not None:
        wanted = normalised(given)
        return Rule(shown(given), lambda value: normalised(value) == wanted)
    # Known from the agent's interface, its type hints or its answer.
    parts = dict.fromkeys(("inputs", "outputs", "params"), text_or_absent())
    return Optional(parts)
