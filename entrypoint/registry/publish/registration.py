"""Registering: the version of one run is complete in the end, or not there at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.idempotent_create import IdempotentCreate
from entrypoint.registry.interruption import best_effort_cleanup, deferred_signals, run_cancellable
from entrypoint.registry.labels import Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.versions import READY, Versions
from entrypoint.registry.waiting import WaitedInVain
from entrypoint.runtime.errors import Problem
from entrypoint.runtime.log import Log

Found = TypeVar("Found")


class Registration:
    """What one run registers, noted in `published` once it is READY.

    `is_ours` tells its half-made versions from those of other jobs, `are_others` whether other jobs
    may be registering under the same name.
    """

    def __init__(
        self,
        versions: Versions,
        creator: IdempotentCreate,
        *,
        run_id: str,
        published: Published,
        log: Log,
        are_others: Callable[[], bool] = lambda: True,
        is_ours: Callable[[ModelVersion], bool] = lambda _: True,
    ) -> None:
        self._versions = versions
        self._creator = creator
        self._run_id = run_id
        self._published = published
        self._log = log
        self._are_others = are_others
        self._is_ours = is_ours
        self._model_creator = IdempotentCreate()
        self._made_model = False

    def version(self, model: LoggedModel, files: Path, labels: Labels) -> ModelVersion:
        """Make the version of a logged model, whose files are at hand."""
        return self.made(lambda: self._versions.create(model, files, labels))

    def made(self, create: Callable[[], ModelVersion]) -> ModelVersion:
        """Make a version."""
        with self._model():
            version = self._creator.make(lambda: run_cancellable(create), self._found)
            self._published.registered(self._versions.name, version)
            return version

    def earlier(self, ours: ModelVersion, find: Callable[[], Found | None]) -> Found | None:
        """What another job made before ours, which is deleted where that was waited for in vain.

        Raises:
            WaitedInVain: it was; but for a version of ours that has got an alias, which stays.

        """
        try:
            return find()
        except WaitedInVain as failure:
            if self._versions.has_labels and (aliases := self._versions.whole(ours).aliases):
                self._log.notice(failure.stays(ours.version, aliases))
                return None
            with best_effort_cleanup(failure):
                self._versions.delete(ours)
                self._published.unregistered()
            raise

    @contextmanager
    def _model(self) -> Iterator[None]:
        """The registered model; one that was made for a version that never came is deleted."""
        try:
            with deferred_signals():
                self._make_model()
            yield
        except BaseException as error:
            with best_effort_cleanup(error):
                complete = self._complete()
                if complete and self._is_ours(complete):
                    self._published.registered(self._versions.name, complete)
                elif not complete:
                    self._remove_model()
            raise

    def _make_model(self) -> None:
        """Make it, unless it is there: who may only add versions to a model may not make one."""
        versions = self._versions
        if not versions.model_exists():
            self._made_model = self._model_creator.make(
                versions.create_model, lambda: versions.model_exists() or None
            )

    def _remove_model(self) -> None:
        """Delete the registered model if this job made it, and no other job has used it since."""
        in_doubt = self._model_creator.in_doubt
        if not (self._made_model or in_doubt) or self._versions.all():
            return
        if in_doubt and self._are_others():
            self._log.notice(
                Problem(
                    f"`{self._versions.name}` may be there without a version: this job made it, or"
                    " another one at the same time, which may still need it.",
                    "Run the job again, or delete the registered model if nothing comes of it.",
                )
            )
            return
        self._versions.delete_model()

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
