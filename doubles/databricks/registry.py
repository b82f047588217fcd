"""The model registry of Unity Catalog over HTTP, in MLflow's own protocol."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from google.protobuf.json_format import (  # type: ignore[import-untyped]
    MessageToDict,
    ParseDict,
    ParseError,
)
from google.protobuf.message import Message  # type: ignore[import-untyped]
from mlflow.protos import databricks_uc_registry_messages_pb2 as uc
from mlflow.protos.databricks_uc_registry_service_pb2 import UcModelRegistryService
from mlflow.utils.rest_utils import extract_all_api_info_for_service

from doubles.databricks import search, tags
from doubles.databricks.files import Files
from doubles.databricks.model_files import check_access, folder, problem
from doubles.databricks.models import Models
from doubles.databricks.request import Answer, Principal, Request, Violation
from doubles.databricks.routes import Route


@dataclass
class Cloud:
    """A bucket that the workspace hands out keys for; it runs elsewhere."""

    bucket: str
    access_key_id: str
    secret_access_key: str
    session_token: str = ""

    @property
    def credentials(self) -> uc.TemporaryCredentials:
        """The keys as the registry gives them out."""
        return uc.TemporaryCredentials(
            storage_mode=uc.CUSTOMER_HOSTED,
            aws_temp_credentials=uc.AwsCredentials(
                access_key_id=self.access_key_id,
                secret_access_key=self.secret_access_key,
                session_token=self.session_token,
            ),
        )


class Registry:
    """Answers what MLflow's `databricks-uc` store asks.

    `registrations` can be told how the versions end that are finalized.
    Files go up and down by the SDK's Files API; with `sdk_files` off by addresses that are signed
    in advance; with a `cloud`, by its own API and temporary keys.
    """

    def __init__(self, models: Models, files: Files) -> None:
        self._models = models
        self._files = files
        self.registrations = models.registrations
        self.sdk_files = True
        self.cloud: Cloud | None = None
        self.page_size = 100

    def routes(self) -> Iterator[Route]:
        known = extract_all_api_info_for_service(  # type: ignore[no-untyped-call]
            UcModelRegistryService, "/api/2.0"
        )
        for message, paths in known.items():
            name = message.DESCRIPTOR.name.removesuffix("Request")
            method = getattr(self, "_" + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
            response = getattr(uc, f"{name}Response")
            for path, verb in paths:
                handle = partial(self._handle, message, response, method)
                asks = path.endswith("credentials")
                yield Route(verb, path, handle, opaque=True, asks=asks)
        yield Route(
            "GET",
            "/api/2.1/unity-catalog/models/{name}",
            self._model_info,
            query=frozenset({"include_aliases", "include_browse"}),
        )

    def _handle(
        self,
        message: type[Message],
        response: type[Message],
        method: Callable[[Principal, Any], dict[str, Any] | None],
        request: Request,
    ) -> Answer:
        fields = dict(request.query) if request.verb == "GET" else request.fields
        try:
            asked = ParseDict(fields, message(), ignore_unknown_fields=False)
        except ParseError as error:
            raise Violation(400, "MALFORMED_REQUEST", f"{request.path}: {error}") from error
        with self._models.lock:
            answer = response(**(method(request.principal, asked) or {}))
            return Answer(MessageToDict(answer, preserving_proto_field_name=True))

    def _create_registered_model(self, who: Principal, asked: Any) -> dict[str, Any]:
        return {"registered_model": self._models.create(who, asked)}

    def _update_registered_model(self, who: Principal, asked: Any) -> dict[str, Any]:
        model = self._models.get(who, asked.name, "OWN")
        if asked.HasField("new_name"):
            raise Violation(501, "NOT_IMPLEMENTED", f"{asked.name}: renaming is not played here")
        if asked.HasField("description"):
            model.description = asked.description
        if asked.HasField("deployment_job_id"):
            model.deployment_job_id = asked.deployment_job_id
        return {"registered_model": model}

    def _delete_registered_model(self, who: Principal, asked: Any) -> None:
        for version in self._models.delete(who, asked.name):
            self._files.remove(folder(version))

    def _get_registered_model(self, who: Principal, asked: Any) -> dict[str, Any]:
        return {"registered_model": self._models.get(who, asked.name)}

    def _search_registered_models(self, who: Principal, asked: Any) -> dict[str, Any]:
        found = self._models.all(who)
        found, token = search.page(found, asked.page_token, self._size(asked))
        return {"registered_models": found, "next_page_token": token}

    def _create_model_version(self, who: Principal, asked: Any) -> dict[str, Any]:
        version = self._models.create_version(who, asked)
        if self.cloud:
            version.storage_location = f"s3://{self.cloud.bucket}{folder(version)}"
        return {"model_version": version}

    def _update_model_version(self, who: Principal, asked: Any) -> dict[str, Any]:
        version = self._models.version(who, asked.name, asked.version, "OWN")
        version.description = asked.description
        return {"model_version": self._whole(who, version)}

    def _delete_model_version(self, who: Principal, asked: Any) -> None:
        version = self._models.delete_version(who, asked.name, asked.version)
        self._files.remove(folder(version))

    def _get_model_version(self, who: Principal, asked: Any) -> dict[str, Any]:
        version = self._models.version(who, asked.name, asked.version)
        self.registrations.look(version)
        return {"model_version": self._whole(who, version)}

    def _search_model_versions(self, who: Principal, asked: Any) -> dict[str, Any]:
        found = search.select(self._models.all_versions(who), asked.filter)
        found, token = search.page(found, asked.page_token, self._size(asked))
        return {"model_versions": found, "next_page_token": token}

    def _generate_temporary_model_version_credentials(
        self, who: Principal, asked: Any
    ) -> dict[str, Any]:
        write = asked.operation == uc.MODEL_VERSION_OPERATION_READ_WRITE
        check_access(who, self._models.version(who, asked.name, asked.version), write=write)
        default = uc.TemporaryCredentials(storage_mode=uc.DEFAULT_STORAGE)
        return {"credentials": self.cloud.credentials if self.cloud else default}

    def _get_model_version_download_uri(self, who: Principal, asked: Any) -> dict[str, Any]:
        version = self._models.version(who, asked.name, asked.version)
        return {"artifact_uri": version.storage_location}

    def _finalize_model_version(self, who: Principal, asked: Any) -> dict[str, Any]:
        version = self._models.version(who, asked.name, asked.version, "CREATE_MODEL_VERSION")
        self._models.finish(version, self._problem(version))
        return {"model_version": self._whole(who, version)}

    def _set_registered_model_alias(self, who: Principal, asked: Any) -> None:
        self._models.set_alias(who, asked.name, asked.alias, asked.version)

    def _delete_registered_model_alias(self, who: Principal, asked: Any) -> None:
        self._models.delete_alias(who, asked.name, asked.alias)

    def _get_model_version_by_alias(self, who: Principal, asked: Any) -> dict[str, Any]:
        version = self._models.by_alias(who, asked.name, asked.alias)
        return {"model_version": self._whole(who, version)}

    def _set_registered_model_tag(self, who: Principal, asked: Any) -> None:
        tags.put(self._models.get(who, asked.name, "APPLY_TAG"), asked.key, asked.value)

    def _delete_registered_model_tag(self, who: Principal, asked: Any) -> None:
        tags.remove(self._models.get(who, asked.name, "APPLY_TAG"), asked.key)

    def _set_model_version_tag(self, who: Principal, asked: Any) -> None:
        version = self._models.version(who, asked.name, asked.version, "APPLY_TAG")
        tags.put(version, asked.key, asked.value)

    def _delete_model_version_tag(self, who: Principal, asked: Any) -> None:
        version = self._models.version(who, asked.name, asked.version, "APPLY_TAG")
        tags.remove(version, asked.key)

    def _emit_model_version_lineage(self, who: Principal, asked: Any) -> None:
        self._models.version(who, asked.name, asked.version)

    def _is_databricks_sdk_models_artifact_repository_enabled(
        self, _who: Principal, _asked: Any
    ) -> dict[str, Any]:
        enabled = self.sdk_files and self.cloud is None
        return {"is_databricks_sdk_models_artifact_repository_enabled": enabled}

    def _model_info(self, request: Request) -> Answer:
        """A model as the rest of Unity Catalog calls it."""
        with self._models.lock:
            model = self._models.get(request.principal, request.parts["name"])
            catalog, schema, name = model.name.split(".")
            return Answer(
                {
                    "full_name": model.name,
                    "catalog_name": catalog,
                    "schema_name": schema,
                    "name": name,
                    "owner": model.user_id,
                    "comment": model.description,
                    "created_at": model.creation_timestamp,
                    "updated_at": model.last_updated_timestamp,
                }
            )

    def _whole(self, who: Principal, version: uc.ModelVersion) -> uc.ModelVersion:
        """A version with its aliases."""
        aliases = self._models.get(who, version.name).aliases
        whole = uc.ModelVersion(aliases=[a for a in aliases if a.version == version.version])
        whole.MergeFrom(version)
        return whole

    def _size(self, asked: Any) -> int:
        return min(asked.max_results or self.page_size, self.page_size)

    def _problem(self, version: uc.ModelVersion) -> str:
        if self.cloud:  # the files are not here
            return ""
        return problem(self._files.read(f"{folder(version)}/MLmodel"))
