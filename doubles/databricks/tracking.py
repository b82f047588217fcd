"""MLflow tracking: MLflow's own server, held to the protocol and to a workspace's folders."""

import json
import re
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import requests
from google.protobuf.json_format import (  # type: ignore[import-untyped]
    ParseDict,
    ParseError,
)
from google.protobuf.message import Message  # type: ignore[import-untyped]
from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2
from mlflow.protos.service_pb2 import CreateExperiment, MlflowService
from mlflow.server import app, handlers
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from doubles.databricks.request import Answer, Request, Violation, missing
from doubles.databricks.routes import Route
from doubles.databricks.tree import Tree

ARTIFACTS = "dbfs:/databricks/mlflow-tracking"
# What of MLflow's API a workspace has; the rest is for other servers.
_SERVED = re.compile(
    r"/mlflow/(experiments|runs|metrics|logged-models|traces)(/(?!.*artifacts).*)?"
)
# MLflow's server looks for its user accounts at every search, and compiles them every time only to
# find that a package is missing.
sys.modules.setdefault("mlflow.server.auth", None)  # type: ignore[arg-type]
# MLflow keeps its store in a variable of its module: one workspace at a time.
_LOCK = threading.Lock()


class Tracking:
    """Experiments, runs, logged models and traces, in SQLite. Nothing is made before it is asked.

    Experiments are made in the folders of the workspace's tree.
    """

    def __init__(self, folder: Path, tree: Tree) -> None:
        self._database = folder / "mlflow.db"
        self._tree = tree
        self._store: SqlAlchemyStore | None = None

    @property
    def folders(self) -> set[str]:
        """The workspace folders in which experiments can be made."""
        return self._tree.folders

    def experiment_of(self, model_id: str) -> str:
        """The id of the experiment in which a model was logged.

        Raises:
            Refusal: there is no such model.

        """
        try:
            with _LOCK:
                return str(self._sql().get_logged_model(model_id).experiment_id)
        except MlflowException as error:
            raise missing(str(error)) from error

    def close(self) -> None:
        if self._store:
            self._store.engine.dispose()

    def routes(self) -> Iterator[Route]:
        for method in MlflowService.DESCRIPTOR.methods:
            message = MlflowService().GetRequestClass(method)
            for endpoint in method.GetOptions().Extensions[databricks_pb2.rpc].endpoints:
                path = f"/{endpoint.path.lstrip('/')}"
                if _SERVED.fullmatch(path):
                    path = f"/api/{endpoint.since.major}.0{path.replace('assessment.', '')}"
                    handle = partial(self._pass_on, message)
                    asks = path.endswith("/search")
                    yield Route(endpoint.method, path, handle, opaque=True, asks=asks)

    def _pass_on(self, message: type[Message], request: Request) -> Answer:
        _check(message, request)
        if message is CreateExperiment:
            self._tree.check_new(request.fields.get("name", ""))
        with _LOCK:
            vars(handlers)["_tracking_store"] = self._sql()
            answer = app.test_client().open(
                request.path,
                method=request.verb,
                query_string=request.query_string,
                data=request.body,
                content_type="application/json",
            )
        if message is CreateExperiment and answer.status_code == requests.codes.ok:
            self._tree.experiments.add(request.fields["name"])
        # MLflow's own server calls the folder otherwise than Databricks does.
        text = re.sub(rf"({ARTIFACTS}/\d+)/models/", r"\1/logged_models/", answer.text)
        return Answer(json.loads(text), answer.status_code)

    def _sql(self) -> SqlAlchemyStore:
        if self._store is None:
            uri = f"sqlite:///{self._database}"
            self._store = SqlAlchemyStore(uri, ARTIFACTS)  # type: ignore[no-untyped-call]
        return self._store


def _check(message: type[Message], request: Request) -> None:
    """Hold a request against the protocol, which MLflow's server doesn't.

    Raises:
        Violation: a parameter or a field that the API doesn't have.

    """
    unknown = request.query.keys() - message.DESCRIPTOR.fields_by_name.keys()
    fields: Any = {}
    try:
        fields = json.loads(request.body) if request.body else {}
        ParseDict(fields, message(), ignore_unknown_fields=False)
    except (ValueError, ParseError) as error:
        raise Violation(400, "MALFORMED_REQUEST", f"{request.path}: {error}") from error
    if unknown:
        raise Violation(
            400, "BAD_REQUEST", f"{request.path}: unknown query parameter {sorted(unknown)}"
        )
