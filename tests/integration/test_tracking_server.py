"""The same job against MLflow's own tracking server."""

import signal
import socket
import time
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient

from doubles.mlflow_server import mlflow_server
from doubles.stalling_proxy import stalling_proxy
from tests.integration.conftest import Checkout

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real `mlflow server`; its address."""
    with mlflow_server(tmp_path_factory.mktemp("server")) as address:
        yield address


def test_registers_over_http(checkout: Checkout, server: str) -> None:
    step = checkout.run(tracking_uri=server, aliases="champion")

    assert step.status == 0, step.log
    client = MlflowClient(server, server)
    version = client.get_model_version_by_alias(checkout.target, "champion")
    assert (version.status, str(version.version)) == ("READY", "1")
    assert version.tags["git_repository"] == "acme/agents"
    assert client.get_run(step.outputs["run-id"]).info.status == "FINISHED"
    files = {
        file.path
        for file in client.list_logged_model_artifacts(
            step.outputs["logged-model-uri"].split("/")[-1]
        )
    }
    assert {"MLmodel", "agent.py", "requirements.txt"} <= files
    assert not (checkout.runner.workspace / ".log-agent" / "mlflow.db").exists() or (
        checkout.versions() == []
    )


def test_the_server_named_by_the_environment_is_used(checkout: Checkout, server: str) -> None:
    step = checkout.run(tracking_uri="", env={"MLFLOW_TRACKING_URI": server})

    assert step.status == 0, step.log
    assert MlflowClient(server, server).get_model_version(checkout.target, "1").status == "READY"


def test_a_server_that_is_not_there(checkout: Checkout) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"

    step = checkout.run(tracking_uri=address, env={"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"})

    assert step.status == 1
    (error,) = step.commands("error")
    assert address in error
    assert step.result["build"] is None  # nobody waits for a build to learn that


def test_a_registry_at_which_nobody_is_logged_in_is_told_before_the_build(
    checkout: Checkout, server: str
) -> None:
    step = checkout.run(tracking_uri=server, registry_uri="databricks-uc")

    assert step.status == 1
    (error,) = step.commands("error")
    assert "DATABRICKS_HOST" in error
    assert step.result["build"] is None
    assert step.outputs["run-id"] == ""


@pytest.mark.parametrize("stall_at", ["PUT /api/2.0/mlflow-artifacts", "runs/create"])
def test_a_job_cancelled_while_it_publishes(checkout: Checkout, server: str, stall_at: str) -> None:
    """The runner sends SIGINT and, when nothing has ended, SIGTERM."""
    with stalling_proxy(server, stall_at) as proxy:
        process = checkout.runner.start(
            checkout.inputs(tracking_uri=proxy.address),
            env={"MLFLOW_HTTP_REQUEST_TIMEOUT": "3", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
        )
        while not proxy.stalled.is_set():
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        log, _ = process.communicate()
    step = checkout.runner.finished(process, log)

    assert step.status in (1, 130), step.log  # 1 where the store had not answered at all
    client = MlflowClient(server, server)
    experiment = client.get_experiment_by_name("/Shared/acme-agents")
    assert experiment
    mine = [
        run
        for run in client.search_runs([experiment.experiment_id])
        if run.data.tags["mlflow.source.name"].startswith(checkout.name)
    ]
    assert [run.info.status for run in mine] == (["KILLED"] if "PUT" in stall_at else [])
    models = client.search_logged_models([experiment.experiment_id], filter_string=None)
    assert {str(m.status) for m in models if m.name == checkout.name} <= {"FAILED"}
