"""The other way to the files of a logged model: addresses that MLflow's own API signs."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from mlflow.protos.databricks_artifacts_pb2 import ArtifactCredentialType

from doubles.databricks.files import Files
from doubles.databricks.request import Answer, Request, missing
from doubles.databricks.routes import Route
from doubles.databricks.signed import Signed
from doubles.databricks.tracking import Tracking


class LoggedFiles:
    """MLflow's client takes it when the Files API fails."""

    def __init__(self, tracking: Tracking, files: Files, signed: Signed) -> None:
        self._tracking = tracking
        self._files = files
        self._signed = signed

    def routes(self) -> Iterator[Route]:
        fields = frozenset({"model_id", "paths", "page_token"})
        for what, verb in (("upload", "PUT"), ("download", "GET")):
            path = f"/api/2.0/mlflow/logged-models/{{id}}/artifacts/credentials-for-{what}"
            yield Route("POST", path, partial(self._sign, verb), fields=fields, asks=True)

    def _sign(self, verb: str, request: Request) -> Answer:
        model_id = request.parts["id"]
        experiment = self._tracking.experiment_of(model_id)
        folder = f"/WorkspaceInternal/Mlflow/Artifacts/{experiment}/LoggedModels/{model_id}"
        credentials = []
        for path in request.fields.get("paths", []):
            file = self._files.local(
                request.principal, f"{folder}/artifacts/{path}", write=verb == "PUT"
            )
            if verb == "GET" and not file.is_file():
                raise missing(f"The file {path} is not found.")
            credential: dict[str, Any] = {
                "signed_uri": self._signed.address(verb, file),
                "type": ArtifactCredentialType.Name(ArtifactCredentialType.AWS_PRESIGNED_URL),
                "headers": [],
            }
            credentials.append({"model_id": model_id, "credential_info": credential})
        return Answer({"credentials": credentials})
