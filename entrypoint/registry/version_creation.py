"""Creating a version, which is READY in the end, or deleted."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.cancellation import best_effort_cleanup, deferred_signals, run_cancellable
from entrypoint.registry.idempotent_create import IdempotentCreate
from entrypoint.registry.publication_result import Published
from entrypoint.registry.session import Session
from entrypoint.registry.version_status import when_ready
from entrypoint.registry.versions import READY, Versions, number
from entrypoint.registry.waiting import Wait, WaitedInVain
from entrypoint.runtime.errors import Problem


@dataclass(frozen=True)
class OtherVersion:
    """A version of the same agent that another job created, or is creating.

    Until it is READY, `job_tags` tell which job that is, and `remedy` is Python that tells MLflow
    that the job has ended.
    """

    version: ModelVersion
    job_tags: Mapping[str, str] = field(default_factory=dict)
    remedy: str = ""


class VersionCreation:
    """Creates a version that belongs to one run, noted in `published` once it is READY.

    `is_ours` tells this job's incomplete versions from those of other jobs, `are_others` whether
    other jobs may be registering under the same name.
    """

    def __init__(
        self,
        session: Session,
        versions: Versions,
        creator: IdempotentCreate,
        *,
        run_id: str,
        published: Published,
        are_others: Callable[[], bool] = lambda: True,
        is_ours: Callable[[ModelVersion], bool] = lambda _: True,
    ) -> None:
        self._jobs, self._log = session.jobs, session.log
        self._versions = versions
        self._creator = creator
        self._run_id = run_id
        self._published = published
        self._are_others = are_others
        self._is_ours = is_ours
        self._model_creator = IdempotentCreate()
        self._created_model = False
        self.has_waited = False
        """Whether another job's version was waited for, which may have been left incomplete."""

    def create(self, request: Callable[[], ModelVersion]) -> ModelVersion:
        """Create the registered model, unless it exists, and the version, with `request`.

        Raises:
            PublishFailure: the registry doesn't make it READY; it is deleted.

        """
        with self._registered_model():
            version = self._creator.create_or_find(
                lambda: run_cancellable(request), self._find_whole
            )
            version = when_ready(version, self._versions, self._jobs.wait_limit, self._log)
            self._published.registered(self._versions.name, version.version)
            return version

    def yield_to_earlier(
        self,
        ours: ModelVersion,
        earlier: Callable[[], list[OtherVersion]],
        take: Callable[[ModelVersion], None],
        action: str,
    ) -> ModelVersion | None:
        """Delete our version where another job created one before; that one, else None.

        The lowest number wins, so that of two jobs one gives way. A version that has an alias by
        now stays. `earlier` finds the versions with lower numbers that are READY or are being
        created; the latter are waited for. `take` notes the one that stays. `action`: what the
        other job did, for the notice.

        Raises:
            WaitedInVain: another job's version was not complete in time; ours is deleted.

        """
        other = self._earlier_ready(ours, earlier)
        if other is None:
            return None
        notice = (
            f"`{self._versions.name}`: another job {action} as version {other.version} at"
            " the same time; "
        )
        if aliases := self._versions.aliases_of(ours):
            named = ", ".join(f"`{alias}`" for alias in aliases)
            notice += f"version {ours.version}, which this job made, stays too: {named} is on it."
            self._log.notice(Problem(notice))
            return None
        # First: after a signal or an error in between, what is reported must exist.
        take(other)
        self._versions.delete(ours)
        notice += f"it is taken, and version {ours.version}, which this job made, was deleted."
        self._log.notice(Problem(notice))
        return other

    def _earlier_ready(
        self, ours: ModelVersion, earlier: Callable[[], list[OtherVersion]]
    ) -> ModelVersion | None:
        """Another job's READY version; ours is deleted where that was waited for in vain."""
        try:
            return self._wait_for_earlier(ours, earlier)
        except WaitedInVain as failure:
            if aliases := self._versions.aliases_of(ours):
                self._log.notice(failure.stays(ours.version, aliases))
                return None
            with best_effort_cleanup(failure):
                self._versions.delete(ours)
                self._published.unregistered()
            raise

    def _wait_for_earlier(
        self, ours: ModelVersion, earlier: Callable[[], list[OtherVersion]]
    ) -> ModelVersion | None:
        wait = Wait(self._jobs.wait_limit, self._log)
        while others := earlier():
            if ready := [each.version for each in others if each.version.status == READY]:
                return min(ready, key=number)
            first = others[0]
            what = (
                f"version {first.version.version} of `{ours.name}`, which"
                f" {self._jobs.named(first.job_tags)} is making"
            )
            if not wait.pause(what):
                raise WaitedInVain(what, self._jobs.wait_limit, first.remedy)
            self.has_waited = True
        return None

    @contextmanager
    def _registered_model(self) -> Iterator[None]:
        """The registered model; one that was created for a version that failed is deleted."""
        try:
            with deferred_signals():
                self._create_model()
            yield
        except BaseException as error:
            with best_effort_cleanup(error):
                complete = self._find_complete()
                if complete and self._is_ours(complete):
                    self._published.registered(self._versions.name, complete.version)
                elif not complete:
                    self._remove_model()
            raise

    def _create_model(self) -> None:
        """Create it, unless it exists: who may only add versions to a model may not create one."""
        versions = self._versions
        if not versions.model_exists():
            self._created_model = self._model_creator.create_or_find(
                versions.create_model, lambda: versions.model_exists() or None
            )

    def _remove_model(self) -> None:
        """Delete the registered model if this job created it, and no other job has used it."""
        in_doubt = self._model_creator.in_doubt
        if not (self._created_model or in_doubt) or self._versions.all():
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

    def _find_whole(self) -> ModelVersion | None:
        """The version with its tags, if it was only the last answer that was lost."""
        complete = self._find_complete()
        return complete and self._versions.whole(complete)

    def _find_complete(self) -> ModelVersion | None:
        """The version, if it is READY; what this job left incomplete is deleted."""
        complete = None
        for version in self._versions.find_by_runs([self._run_id]):
            if version.status == READY:
                complete = version
            elif self._is_ours(version):
                self._versions.delete(version)
        return complete
