"""Registering: the version of one run is complete in the end, or not there at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.creator import Creator
from entrypoint.registry.interruption import held, interruptible, tidying
from entrypoint.registry.labels import Labels
from entrypoint.registry.versions import READY, Versions


class Registration:
    """What one run registers; `is_ours` tells its half-made versions from those of other jobs."""

    def __init__(
        self,
        versions: Versions,
        creator: Creator,
        run_id: str,
        is_ours: Callable[[ModelVersion], bool] = lambda _: True,
    ) -> None:
        self._versions = versions
        self._creator = creator
        self._run_id = run_id
        self._is_ours = is_ours

    def version(self, model: LoggedModel, files: Path, labels: Labels) -> ModelVersion:
        """Make the version of a logged model, whose files are at hand."""
        return self.made(lambda: self._versions.create(model, files, labels))

    def made(self, create: Callable[[], ModelVersion]) -> ModelVersion:
        """Make a version."""
        with self._model():
            return self._creator.make(lambda: interruptible(create), self._found)

    @contextmanager
    def _model(self) -> Iterator[None]:
        """The registered model; one that was made for a version that never came is deleted."""
        is_new = False
        try:
            with held():
                is_new = self._versions.create_model()
            yield
        except BaseException as error:
            with tidying(error):
                self._complete()
                # Another job may have used it meanwhile.
                if is_new and not self._versions.all():
                    self._versions.delete_model()
            raise

    def _found(self) -> ModelVersion | None:
        """The version, if it was only the last answer that was lost."""
        complete = self._complete()
        return complete and self._versions.whole(complete)

    def _complete(self) -> ModelVersion | None:
        """The version, if it is complete; what is half made is deleted."""
        complete = None
        for version in self._versions.of_runs([self._run_id]):
            if version.status == READY:
                complete = version
            elif self._is_ours(version):
                self._versions.delete(version)
        return complete
