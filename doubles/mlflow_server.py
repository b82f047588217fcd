"""MLflow's own tracking server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doubles.server_process import free_port, serving


@contextmanager
def mlflow_server(folder: Path, database: str = "") -> Iterator[str]:
    """Run a real `mlflow server`; its address. `database` is a URI; SQLite in `folder` without."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    argv = [
        str(Path(sys.executable).with_name("mlflow")),
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
        "--backend-store-uri",
        database or f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    # Judges and the like: seven more processes, which nobody here needs.
    without_jobs = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with serving(argv, folder, f"{address}/health", without_jobs):
        yield address
