"""The import of MLflow, which takes most of the time of a short job."""

import sys
from importlib import import_module


def import_mlflow() -> None:
    """Import MLflow as if pandas weren't installed, which takes a third less time.

    MLflow's client doesn't need pandas. Its module of signatures does, and imports it itself.
    """
    if "mlflow" in sys.modules or "pandas" in sys.modules:
        return
    # https://docs.python.org/3/reference/import.html#the-module-cache: None is for "not there".
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        import_module("mlflow.tracking")
    finally:
        del sys.modules["pandas"]
