"""Publishing: the directory that was built becomes a logged model and a model version."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus, RunStatus
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from entrypoint.agent.manifest import Manifest
from entrypoint.errors import Cancelled, Problem, PublishFailure
from entrypoint.log import Log, LogStream
from entrypoint.registry.built_model import BuiltModel
from entrypoint.registry.labels import Labels
from entrypoint.registry.published import Published
from entrypoint.registry.stores import Stores

# What a store can answer with: MLflow's own errors; a refused upload (requests' errors are
# OSErrors), a file system; a database whose driver isn't there.
_REFUSALS = (MlflowException, OSError, ImportError)
# The runner leaves a cancelled job ten seconds in all.
_WHEN_CANCELLED = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}


@dataclass(frozen=True)
class Publication:
    """What is to be published: a built model, and the name under which it is registered, if any."""

    model: Path
    manifest: Manifest
    flavor: str
    registered_name: str | None
    labels: Labels


def publish(publication: Publication, stores: Stores, published: Published, log: Log) -> None:
    """Make the logged model and, when there is a registered name, the model version.

    `published` is filled in step by step.

    Raises:
        PublishFailure: the store refused. The run is then FAILED, never left RUNNING.

    """
    try:
        if folder := stores.embedded_folder:
            folder.mkdir(exist_ok=True)
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        # What MLflow says there goes through the log: fenced, and without secrets.
        with redirect_stderr(LogStream(log)):
            mlflow.set_tracking_uri(stores.tracking_uri)
            mlflow.set_registry_uri(stores.registry_uri)
            client = MlflowClient()
            published.experiment_id = _experiment(
                client, publication.labels.experiment, stores.artifacts
            )
            with _run(client, publication.labels, published):
                with _logged_model(client, publication.labels, published) as model_id:
                    version = _log(publication, published, model_id)
                if publication.registered_name:
                    published.model_name = publication.registered_name
                    published.model_version = version
                    _describe(client, publication.labels, published)
    except _REFUSALS as error:
        raise PublishFailure(_refused(stores, error)) from error


def _log(publication: Publication, published: Published, model_id: str) -> str:
    """Upload the model and register it; the version, empty when it isn't registered."""
    info = Model.log(
        artifact_path=None,
        flavor=BuiltModel(publication.model, publication.manifest),
        flavor_name=publication.flavor,
        model_id=model_id,
        run_id=published.run_id,
        registered_model_name=publication.registered_name,
        tags=dict(publication.labels.tags),
        # Else MLflow loads and calls the agent here, with every secret.
        validate_serving_input=False,
    )
    return str(info.registered_model_version or "")


def _describe(client: MlflowClient, labels: Labels, published: Published) -> None:
    """Aliases last: whoever follows one finds a version that is complete."""
    name, version = published.model_name, published.model_version
    client.update_model_version(name, version, labels.description)
    for alias in labels.aliases:
        client.set_registered_model_alias(name, alias, version)


def _experiment(client: MlflowClient, name: str, artifacts: str | None) -> str:
    if artifacts and client.get_experiment_by_name(name) is None:
        client.create_experiment(name, artifact_location=artifacts)
    return str(mlflow.set_experiment(name).experiment_id)


@contextmanager
def _run(client: MlflowClient, labels: Labels, published: Published) -> Iterator[None]:
    """The run to which the logged model belongs; it ends whatever happens."""
    with _uninterrupted():
        run = client.create_run(
            published.experiment_id, run_name=labels.run_name, tags=dict(labels.run_tags)
        )
        published.run_id = run.info.run_id
    status = RunStatus.FAILED
    try:
        yield
        status = RunStatus.FINISHED
    except Cancelled:
        status = RunStatus.KILLED
        os.environ.update(_WHEN_CANCELLED)
        raise
    finally:
        client.set_terminated(published.run_id, RunStatus.to_string(status))


@contextmanager
def _logged_model(client: MlflowClient, labels: Labels, published: Published) -> Iterator[str]:
    """A logged model that is there before its files are; FAILED if they never come."""
    with _uninterrupted():
        model = mlflow.initialize_logged_model(
            name=labels.logged_model_name,
            source_run_id=published.run_id,
            tags=dict(labels.tags),
            experiment_id=published.experiment_id,
        )
    try:
        yield model.model_id
    except Cancelled:
        # MLflow sees to ordinary failures itself.
        os.environ.update(_WHEN_CANCELLED)
        client.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED)
        raise
    published.logged_model_uri = model.model_uri


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold signals back while something is made that must be known to be ended."""
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _refused(stores: Stores, error: Exception) -> Problem:
    where = f"`{stores.tracking_uri}`"
    if stores.registry_uri != stores.tracking_uri:
        where += f" (registry `{stores.registry_uri}`)"
    code = error.error_code if isinstance(error, MlflowException) else type(error).__name__
    return Problem(f"Publishing to {where} failed: {code}.", detail=str(error))
