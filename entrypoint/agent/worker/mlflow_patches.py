"""Functions of MLflow that are replaced while log-agent builds and verifies.

MLflow has no setting or argument for what they do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.file_store import FileStore
from mlflow.tracking._model_registry.registry import ModelRegistryStoreRegistry
from mlflow.tracking._tracking_service import utils as tracking_service
from mlflow.utils import environment as mlflow_environment

# What the methods of a registry's store are called that change nothing there.
_READING = ("get_", "search_", "list_", "await_", "supports_")


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


def keep_registries_read_only() -> list[str]:
    """Let the agent read in a registry, as it does on serving, and write nothing there.

    The store that is thrown away takes everything. The list that is returned grows with the URIs of
    the prompts that are loaded.
    """
    prompts: list[str] = []
    get_store: Any = ModelRegistryStoreRegistry.get_store

    def get_read_only_store(registry: Any, *arguments: Any, **named: Any) -> Any:
        store = get_store(registry, *arguments, **named)
        # On the instance, for MLflow looks at its class.
        if not isinstance(store, FileStore) and "get_registered_model" not in vars(store):
            for name in dir(type(store)):
                method = getattr(store, name, None)
                if callable(method) and not name.startswith("_"):
                    setattr(store, name, _read_only(name, method, prompts))
        return store

    ModelRegistryStoreRegistry.get_store = get_read_only_store  # type: ignore[assignment,method-assign]
    return prompts


def _read_only(name: str, method: Callable[..., Any], prompts: list[str]) -> Callable[..., Any]:
    """The method of a store if it reads; one that refuses in place of any other."""

    def read(*arguments: Any, **named: Any) -> Any:
        found = method(*arguments, **named)
        if "prompt" in name and getattr(found, "version", None):
            uri = f"prompts:/{found.name}/{found.version}"
            if uri not in prompts:
                prompts.append(uri)
        return found

    def refuse(*_: Any, **__: Any) -> None:
        raise MlflowException(f"`{name}`: the registry is read-only while log-agent builds")

    def ignore(*_: Any, **__: Any) -> None:
        """What is loaded is linked to a run that is thrown away."""

    if name.startswith(_READING):
        return read
    return ignore if name.startswith("link_") else refuse
