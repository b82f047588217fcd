"""Publishing: the directory that was built becomes a logged model and a model version."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import yaml
from mlflow import MlflowClient
from mlflow.entities import RunStatus
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from entrypoint.agent.manifest import Manifest
from entrypoint.errors import Cancelled, Problem, PublishFailure
from entrypoint.registry.labels import Labels
from entrypoint.registry.published import Published
from entrypoint.registry.stores import Stores

_MLMODEL = "MLmodel"


@dataclass(frozen=True)
class Publication:
    """What is to be published: a built model, and the name under which it is registered, if any."""

    model: Path
    manifest: Manifest
    flavor: str
    registered_name: str | None
    labels: Labels


class BuiltModel:
    """A built model directory in the shape of an MLflow flavor, for `Model.log`.

    https://mlflow.org/docs/latest/ml/community-model-flavors/ - a flavor is whatever has
    `save_model(path, mlflow_model, **kwargs)`. This one copies instead of saving, so that the agent
    is never imported in the process that holds the secrets.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self._manifest = manifest

    def save_model(self, path: str, mlflow_model: Model, **_: Any) -> None:
        """Copy the directory to `path`, with the identity of the logged model that is being made.

        Raises:
            PublishFailure: there is a link in it, which could lead anywhere.

        """
        for file in self._folder.rglob("*"):
            if file.is_symlink():
                raise PublishFailure(
                    Problem(f"The built model holds a link, `{file.relative_to(self._folder)}`.")
                )
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(self._folder, path, ignore=ignore)
        content = yaml.safe_load((self._folder / _MLMODEL).read_bytes())
        for identity in ("artifact_path", "model_id", "model_uuid", "run_id"):
            content[identity] = getattr(mlflow_model, identity)
        vars(mlflow_model).update(vars(Model.from_dict(content)))
        mlflow_model.save(str(Path(path, _MLMODEL)))
        # Here and not in the worker's folder, in which a hostile agent may have planted a link.
        self._manifest.write(Path(path))


def publish(publication: Publication, stores: Stores, published: Published) -> None:
    """Make the logged model and, when there is a registered name, the model version.

    `published` is filled in step by step.

    Raises:
        PublishFailure: the store refused. The run is then FAILED, never left RUNNING.

    """
    if folder := stores.embedded_folder:
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    mlflow.set_tracking_uri(stores.tracking_uri)
    mlflow.set_registry_uri(stores.registry_uri)
    try:
        client = MlflowClient()
        published.experiment_id = _experiment(
            client, publication.labels.experiment, stores.artifacts
        )
        with _run(client, publication, published):
            _log(client, publication, published)
    except MlflowException as error:
        raise PublishFailure(_refused(stores, error)) from error


def _log(client: MlflowClient, publication: Publication, published: Published) -> None:
    info = Model.log(
        artifact_path=None,
        name=publication.labels.logged_model_name,
        flavor=BuiltModel(publication.model, publication.manifest),
        flavor_name=publication.flavor,
        run_id=published.run_id,
        registered_model_name=publication.registered_name,
        tags=dict(publication.labels.tags),
        # Else MLflow loads and calls the agent here, with every secret.
        validate_serving_input=False,
    )
    published.logged_model_uri = info.model_uri
    if publication.registered_name is None:
        return
    published.model_name = publication.registered_name
    published.model_version = str(info.registered_model_version)
    client.update_model_version(
        published.model_name, published.model_version, publication.labels.description
    )
    for alias in publication.labels.aliases:
        client.set_registered_model_alias(published.model_name, alias, published.model_version)


def _experiment(client: MlflowClient, name: str, artifacts: str | None) -> str:
    if client.get_experiment_by_name(name) is None and artifacts:
        client.create_experiment(name, artifact_location=artifacts)
    return str(mlflow.set_experiment(name).experiment_id)


@contextmanager
def _run(client: MlflowClient, publication: Publication, published: Published) -> Iterator[None]:
    """The run to which the logged model belongs; it ends whatever happens."""
    labels = publication.labels
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
        raise
    finally:
        client.set_terminated(published.run_id, RunStatus.to_string(status))


def _refused(stores: Stores, error: MlflowException) -> Problem:
    where = f"`{_host(stores.tracking_uri)}`"
    if stores.registry_uri != stores.tracking_uri:
        where += f" (registry `{_host(stores.registry_uri)}`)"
    return Problem(f"Publishing to {where} failed: {error.error_code}.", detail=str(error.message))


def _host(uri: str) -> str:
    """A store's URI without user and password."""
    scheme, separator, rest = uri.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else uri
