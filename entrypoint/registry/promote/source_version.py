"""What is promoted: a version that is registered already."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from entrypoint.databricks.auth.workspace_host import Identity
from entrypoint.databricks.model_errors import Target
from entrypoint.inputs.model_reference import ModelReference
from entrypoint.registry.labels import COMMIT, COMMITS, DIGEST
from entrypoint.registry.promote import source_errors as problems
from entrypoint.registry.session import Session
from entrypoint.registry.versions import MISSING, READY
from entrypoint.runtime.errors import Failure, InputFailure, PublishFailure

# MLflow's SQL store calls an alias that isn't there an invalid parameter.
_NO_ALIAS = {*MISSING, "INVALID_PARAMETER_VALUE"}
# Runs and logged models stay in the workspace where they were made.
_ELSEWHERE = {*MISSING, "PERMISSION_DENIED"}
# Versions that are looked at for the one of a commit, newest first: each is a request.
_MOST = 100


@dataclass(frozen=True)
class SourceVersion:
    """A version, whole, with its tags, and the logged model that it was made of, if known.

    Where versions have no tags, they are the logged model's.
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


class SourceSearch:
    """Looks for the version that the input `source` names."""

    def __init__(self, reference: ModelReference, session: Session, who: Identity) -> None:
        """Look as `who`: we, where the registry is a workspace's."""
        self._reference = reference
        self._client = session.client
        self._versions = session.versions(str(reference.name))
        self._session = session
        self._who = who

    def find(self, commit: str) -> SourceVersion:
        """Find it, READY; `commit` is the job's.

        Raises:
            InputFailure: there is no such version.
            PublishFailure: the registry refused.

        """
        with self._session.problems():
            try:
                source = self._found(commit)
            except MlflowException as error:
                raise self._refused(error) or error from error
        if source.version.status != READY:
            raise InputFailure(problems.not_ready(source.uri, source.version.status))
        return source

    def _refused(self, error: MlflowException) -> Failure | None:
        target = Target(self._reference.name, self._who.name, "source")
        if problem := target.refused(str(error)):
            return PublishFailure(problem)
        if problems.is_missing(error.error_code):
            return InputFailure(problems.no_model(self._reference, self._who.host, str(error)))
        return None

    def _found(self, commit: str) -> SourceVersion:
        if self._reference.version or self._reference.alias:
            return self._source(self._named())
        if not commit:
            raise InputFailure(problems.no_commit(self._reference))
        return self._of_commit(commit)

    def _named(self) -> ModelVersion:
        reference, name = self._reference, self._versions.name
        if reference.alias and not self._versions.has_labels:
            raise InputFailure(problems.no_aliases(reference))
        try:
            if reference.alias:
                return self._client.get_model_version_by_alias(name, reference.alias)
            return self._client.get_model_version(name, reference.version)
        except MlflowException as error:
            if error.error_code not in _NO_ALIAS:
                raise
            self._client.get_registered_model(name)  # or that isn't there
            raise InputFailure(problems.no_version(reference, self._told())) from error

    def _of_commit(self, commit: str) -> SourceVersion:
        for source in self._newest():
            known = {source.tags.get(COMMIT), *source.tags.get(COMMITS, "").split()}
            if commit in known and source.version.status == READY:
                return source
        self._client.get_registered_model(self._versions.name)  # or that isn't there
        raise InputFailure(problems.no_version_of_commit(self._reference, commit, self._told()))

    def _newest(self) -> Iterator[SourceVersion]:
        """The versions, newest first; of their logged models only what nothing else tells."""
        newest = sorted(self._versions.all(), key=lambda each: int(each.version), reverse=True)
        return (self._source(self._versions.whole(each)) for each in newest[:_MOST])

    def _told(self) -> list[problems.VersionLine]:
        """The newest versions, in words."""
        return [
            problems.VersionLine(
                str(source.version.version),
                source.tags.get(COMMIT, ""),
                tuple(source.version.aliases) if self._versions.has_labels else (),
                "" if source.version.status == READY else source.version.status,
            )
            for source in islice(self._newest(), problems.SHOWN)
        ]

    def _source(self, version: ModelVersion) -> SourceVersion:
        model = self._model(version)
        tags = version.tags if self._versions.has_labels else model.tags if model else {}
        return SourceVersion(version, model, tags)

    def _model(self, version: ModelVersion) -> LoggedModel | None:
        try:
            model_id = version.model_id or self._model_id(version.run_id)
            return self._client.get_logged_model(model_id) if model_id else None
        except MlflowException as error:
            if error.error_code in _ELSEWHERE:
                return None
            raise

    def _model_id(self, run_id: str | None) -> str | None:
        """The logged model of a run; log-agent makes one for each."""
        outputs = self._client.get_run(run_id).outputs if run_id else None
        return outputs.model_outputs[0].model_id if outputs and outputs.model_outputs else None
