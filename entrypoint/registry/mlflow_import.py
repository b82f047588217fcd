"""The import of MLflow, which is most of what a short job does."""

import sys
from importlib import import_module


def import_mlflow() -> None:
    """Import it as it is where pandas isn't installed, which takes a third less.

    To its client pandas is optional, and nothing here has datasets of it. What a signature is made
    of needs it, and imports it when it comes to that.
    """
    if "mlflow" in sys.modules or "pandas" in sys.modules:
        return
    # https://docs.python.org/3/reference/import.html#the-module-cache: None is for "not there".
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        import_module("mlflow.tracking")
    finally:
        del sys.modules["pandas"]
