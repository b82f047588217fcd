"""What tests of every kind share."""

import os
import sys
from collections.abc import Iterator

import pytest

from doubles.github import Judge
from tests.tools import require


@pytest.fixture(autouse=True, scope="module")
def _forget_stores() -> Iterator[None]:
    """MLflow keeps its URIs for the process: what one module's tests leave is not for the next.

    It keeps them in the environment too, where programs that a test starts find them.
    """
    yield
    if "mlflow" in sys.modules:
        import mlflow  # noqa: PLC0415

        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
        mlflow.set_registry_uri(None)  # type: ignore[arg-type]
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """GitHub's description of its API, for doubles of it."""
    require("npm")
    with Judge(tmp_path_factory.mktemp("judge")) as judge:
        yield judge
