"""The registered version that is promoted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from mlflow import MlflowClient
from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from entrypoint.databricks.model_errors import Target
from entrypoint.inputs.model_reference import ModelReference
from entrypoint.registry.labels import COMMIT, COMMITS, DIGEST
from entrypoint.registry.promote import source_errors as problems
from entrypoint.registry.session import Session
from entrypoint.registry.versions import MISSING, READY, none_if
from entrypoint.runtime.errors import Failure, InputFailure, PublishFailure

# Runs and logged models stay in the workspace where they were created.
_ELSEWHERE = {*MISSING, "PERMISSION_DENIED"}
# Versions among which that of a commit is looked for, newest first: each is a request.
_MAX_VERSIONS = 100


@dataclass(frozen=True)
class SourceVersion:
    """A version with its tags and aliases, and its logged model, if that can be read.

    Where versions have no tags, `tags` are the logged model's.
    """

    version: ModelVersion
    model: LoggedModel | None
    tags: Mapping[str, str]

    @property
    def uri(self) -> str:
        return f"models:/{self.version.name}/{self.version.version}"

    @property
    def digest(self) -> str:
        return self.tags.get(DIGEST, "")


class SourceLookup:
    """Finds the version that the input `source` names."""

    def __init__(self, reference: ModelReference, session: Session) -> None:
        self._reference = reference
        self._client = session.client
        self._versions = session.versions(str(reference.name))
        self._session = session

    def find(self, commit: str) -> SourceVersion:
        """Find it, READY; `commit` is the job's.

        Raises:
            InputFailure: there is no such version.
            PublishFailure: the registry refused.

        """
        with self._session.problems():
            try:
                source = self._find(commit)
            except MlflowException as error:
                raise self._explain(error) or error from error
        if source.version.status != READY:
            raise InputFailure(problems.not_ready(source.uri, source.version.status))
        return source

    def _explain(self, error: MlflowException) -> Failure | None:
        identity = self._session.identity
        target = Target(self._reference.name, identity.name, "source")
        if problem := target.refused(str(error)):
            return PublishFailure(problem)
        if problems.is_missing(error.error_code):
            return InputFailure(problems.no_model(self._reference, identity.host, str(error)))
        return None

    def _find(self, commit: str) -> SourceVersion:
        if self._reference.version or self._reference.alias:
            return self._source(self._named())
        if not commit:
            raise InputFailure(problems.no_commit(self._reference))
        return self._of_commit(commit)

    def _named(self) -> ModelVersion:
        reference = self._reference
        if reference.alias and not self._versions.has_labels:
            raise InputFailure(problems.no_aliases(reference))
        version = (
            self._versions.with_alias(reference.alias)
            if reference.alias
            else self._versions.numbered(reference.version)
        )
        if version is None:
            self._check_model_exists()
            raise InputFailure(problems.no_version(reference, self._version_lines()))
        return version

    def _of_commit(self, commit: str) -> SourceVersion:
        for source in self._newest():
            commits = {source.tags.get(COMMIT), *source.tags.get(COMMITS, "").split()}
            if commit in commits and source.version.status == READY:
                return source
        self._check_model_exists()
        raise InputFailure(
            problems.no_version_of_commit(self._reference, commit, self._version_lines())
        )

    def _check_model_exists(self) -> None:
        """Raise the MlflowException that says that the registered model doesn't exist."""
        self._client.get_registered_model(self._versions.name)

    def _newest(self) -> Iterator[SourceVersion]:
        """The versions, newest first, each of which takes a request or two."""
        newest = self._versions.all()[:_MAX_VERSIONS]
        return (self._source(self._versions.whole(each)) for each in newest)

    def _version_lines(self) -> list[problems.VersionLine]:
        """The newest versions, for a message."""
        return [
            problems.VersionLine(
                str(source.version.version),
                source.tags.get(COMMIT, ""),
                tuple(source.version.aliases) if self._versions.has_labels else (),
                "" if source.version.status == READY else source.version.status,
            )
            for source in islice(self._newest(), problems.MAX_LISTED)
        ]

    def _source(self, version: ModelVersion) -> SourceVersion:
        model = logged_model(version, self._client)
        tags = version.tags if self._versions.has_labels else model.tags if model else {}
        return SourceVersion(version, model, tags)


def logged_model(version: ModelVersion, client: MlflowClient) -> LoggedModel | None:
    """The logged model of a version, if it can be read."""

    def get() -> LoggedModel | None:
        model_id = version.model_id or _model_id(version.run_id, client)
        return client.get_logged_model(model_id) if model_id else None

    return none_if(_ELSEWHERE, get)


def _model_id(run_id: str | None, client: MlflowClient) -> str | None:
    """The logged model of a run; log-agent creates one in each."""
    outputs = client.get_run(run_id).outputs if run_id else None
    return outputs.model_outputs[0].model_id if outputs and outputs.model_outputs else None
