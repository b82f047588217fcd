"""Promotion: a version is copied to another model, or found there, and gets the aliases."""

from dataclasses import dataclass
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion

from entrypoint.inputs.model_name import ModelName
from entrypoint.registry.alias_moves import AliasMoves
from entrypoint.registry.idempotent_create import IdempotentCreate
from entrypoint.registry.labels import COMMITS
from entrypoint.registry.promote.existing_copies import ExistingCopies
from entrypoint.registry.promote.source_version import SourceVersion, logged_model
from entrypoint.registry.publication_result import Published
from entrypoint.registry.publish.earlier_versions import with_commit
from entrypoint.registry.release_labels import REPLACES, ReleaseLabels
from entrypoint.registry.session import Session
from entrypoint.registry.version_creation import VersionCreation
from entrypoint.registry.versions import READY, number


@dataclass(frozen=True)
class PromotionRequest:
    """The version to promote, with its files at hand, and the model that gets a copy."""

    source: SourceVersion
    files: Path
    target: ModelName
    labels: ReleaseLabels


def promote(request: PromotionRequest, session: Session, published: Published) -> None:
    """Copy the version to the target unless it is there, then let the aliases point to it.

    `published` is filled in step by step. No version is left that isn't READY.

    Raises:
        PublishFailure: the registry refused.

    """
    with session.publishing(published, request.labels.requested.aliases, str(request.target)):
        _Promotion(request, session, published).run()


class _Promotion:
    def __init__(self, request: PromotionRequest, session: Session, published: Published) -> None:
        self._request = request
        self._source = request.source
        self._labels = request.labels
        self._aliases = request.labels.requested.aliases
        self._session = session
        self._published = published
        self._log = session.log
        self._versions = session.versions(str(request.target))
        self._copies = ExistingCopies(session, self._versions, request.source, self._labels.job_id)

    def run(self) -> None:
        published = self._published
        published.promoted_from = self._source.uri
        # Also that of a copy.
        published.belongs_to(self._source.version.run_id, self._source.model)
        holders = self._versions.aliases()
        version = self._existing() or self._copy(holders)
        published.registered(version.name, version.version)
        self._session.link(published)
        published.replaces = self._replaced(version, holders)
        # Last: who follows an alias finds a version that is complete.
        self._set_aliases(version, holders)

    def _existing(self) -> ModelVersion | None:
        """The version of the target that has the content already."""
        source = self._source.version
        is_same_model = self._versions.has(source)
        version = source if is_same_model else self._copies.ready()
        if version:
            self._take(version)
            if self._versions.has_labels and not is_same_model:
                self._record_commits(version)
            self._log.line(f"models:/{version.name}/{version.version} has it already")
        return version

    def _take(self, version: ModelVersion) -> None:
        self._published.registered(version.name, version.version)
        self._published.reused = True
        if version.run_id != self._source.version.run_id:  # it was registered, not promoted
            self._published.belongs_to(version.run_id, logged_model(version, self._session.client))

    def _record_commits(self, version: ModelVersion) -> None:
        """Note on an existing version the commits that were noted on its source since."""
        commits = version.tags.get(COMMITS, "")
        for commit in reversed(self._source.tags.get(COMMITS, "").split()):
            commits = with_commit({COMMITS: commits}, commit)
        if commits:
            self._versions.tag(version, {COMMITS: commits})

    def _copy(self, holders: dict[str, str]) -> ModelVersion:
        """Copy the source; the version that stays, where another job copies it at the same time."""
        source, labels, versions = self._source, self._labels, self._versions
        replaces = holders.get(self._aliases[0], "") if self._aliases else ""
        tags = labels.tags(source.tags, source.uri, replaces)
        description = labels.description(source.version.description or "", source.uri)
        creation = VersionCreation(
            self._session,
            versions,
            IdempotentCreate(),
            run_id=str(source.version.run_id),
            published=self._published,
            is_ours=self._copies.is_ours,
        )
        ours = creation.create(
            lambda: versions.create(source.version, self._request.files, tags, description)
        )
        self._log.line(f"models:/{ours.name}/{ours.version} is its copy")
        other = creation.yield_to_earlier(
            ours, lambda: self._copies.before(ours), self._take, "promoted the same version"
        )
        return versions.whole(other) if other else ours

    def _replaced(self, version: ModelVersion, holders: dict[str, str]) -> str:
        """The version that this one takes the place of, also when it has done so before.

        That is the one that had the first alias; without aliases, the READY version before.
        """
        if self._aliases and self._versions.has_labels:
            holder = holders.get(self._aliases[0], "")
            is_holder = holder == str(version.version)
            return str(version.tags.get(REPLACES, "")) if is_holder else holder
        before = (
            str(each.version)
            for each in self._versions.all()
            if each.status == READY and number(each) < number(version)
        )
        return next(before, "")

    def _set_aliases(self, version: ModelVersion, holders: dict[str, str]) -> None:
        if not self._versions.has_labels:
            instead = "Where the version comes from is in its description."
            self._session.note_no_labels(self._aliases, instead)
            return
        moves = AliasMoves(self._versions, lambda *_: None, self._published, self._log)
        for alias in self._aliases:
            before, now = holders.get(alias, ""), str(version.version)
            if before == now:
                self._log.line(f"{alias} is on version {now} already")
                continue
            moves.set(alias, version, before)
            self._log.line(
                f"{alias} moved from version {before} to version {now}"
                if before
                else f"{alias} is on version {now} now"
            )
