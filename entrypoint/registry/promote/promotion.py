"""Promoting: a version is copied, with the very files that were tested, or taken if it is there."""

from dataclasses import dataclass
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion

from entrypoint.inputs.model_name import ModelName
from entrypoint.registry.alias_moves import tell_if_backwards
from entrypoint.registry.idempotent_create import IdempotentCreate
from entrypoint.registry.labels import COMMITS
from entrypoint.registry.promote.existing_copies import ExistingCopies
from entrypoint.registry.promote.source_version import SourceVersion
from entrypoint.registry.publication_result import Published
from entrypoint.registry.publish.aftermath import told_of
from entrypoint.registry.publish.earlier_versions import with_commit
from entrypoint.registry.publish.registration import Registration
from entrypoint.registry.release_labels import REPLACES, ReleaseLabels
from entrypoint.registry.session import Session
from entrypoint.registry.versions import READY
from entrypoint.runtime.errors import Problem
from entrypoint.runtime.log import Log


@dataclass(frozen=True)
class PromotionRequest:
    """What is promoted, its files at hand, and as what."""

    source: SourceVersion
    files: Path
    target: ModelName
    labels: ReleaseLabels


def promote(promotion: PromotionRequest, session: Session, published: Published, log: Log) -> None:
    """Copy the version to the target unless it is there, then let the aliases point to it.

    `published` is filled in step by step. No version is left that isn't READY.

    Raises:
        PublishFailure: the registry refused.

    """
    aliases = promotion.labels.asked.aliases
    with (
        told_of(published, aliases, session),
        session.problems(str(promotion.target)),
    ):
        _Promotion(promotion, session, published, log).run()


class _Promotion:
    def __init__(
        self, promotion: PromotionRequest, session: Session, published: Published, log: Log
    ) -> None:
        self._promotion = promotion
        self._source = promotion.source
        self._labels = promotion.labels
        self._session = session
        self._published = published
        self._log = log
        self._versions = session.versions(str(promotion.target))
        self._copies = ExistingCopies(
            session, self._versions, promotion.source, self._labels.job_id
        )

    def run(self) -> None:
        published = self._published
        published.promoted_from = self._source.uri
        published.run_id = self._source.version.run_id or ""
        if model := self._source.model:
            published.experiment_id = str(model.experiment_id)
            published.logged_model_uri = model.model_uri
        holders = self._versions.aliases()
        version = self._there() or self._copy(holders)
        published.registered(version.name, version)
        self._session.link(published)
        published.replaces = self._replaced(version, holders)
        # Last: whoever follows an alias finds a version that is complete.
        self._set_aliases(version, holders)

    def _there(self) -> ModelVersion | None:
        """The version that has the content already."""
        source = self._source.version
        if self._versions.has(source):
            version: ModelVersion | None = source
        else:
            version = self._copies.ready()
        if version:
            self._published.registered(version.name, version)
            if self._versions.has_labels and not self._versions.has(source):
                self._record_commits(version)
            self._published.reused = True
            self._log.line(f"models:/{version.name}/{version.version} has it already")
        return version

    def _record_commits(self, version: ModelVersion) -> None:
        """Note on a version that was there which commits its source has got since."""
        commits = version.tags.get(COMMITS, "")
        for commit in reversed(self._source.tags.get(COMMITS, "").split()):
            commits = with_commit({COMMITS: commits}, commit)
        if commits:
            self._versions.tag(version, {COMMITS: commits})

    def _copy(self, holders: dict[str, str]) -> ModelVersion:
        source, labels, versions = self._source, self._labels, self._versions
        replaces = holders.get(labels.asked.aliases[0], "") if labels.asked.aliases else ""
        tags = labels.tags(source.tags, source.uri, replaces)
        description = labels.description(source.version.description or "", source.uri)
        registration = Registration(
            versions,
            IdempotentCreate(),
            run_id=str(source.version.run_id),
            published=self._published,
            log=self._log,
            is_ours=self._copies.is_ours,
        )
        ours = registration.made(
            lambda: versions.copy(source.version, self._promotion.files, tags, description)
        )
        self._log.line(f"models:/{ours.name}/{ours.version} is its copy")
        earlier = registration.earlier(ours, lambda: self._copies.earlier(ours))
        return self._give_way(ours, earlier) if earlier else ours

    def _give_way(self, ours: ModelVersion, earlier: ModelVersion) -> ModelVersion:
        """Delete what another job made too; the version that stays."""
        said = (
            f"`{ours.name}`: another job promoted the same version as version {earlier.version} at"
            " the same time; "
        )
        if self._versions.has_labels and (aliases := self._versions.whole(ours).aliases):
            named = ", ".join(f"`{alias}`" for alias in aliases)
            said += f"version {ours.version}, which this job made, stays too: {named} is on it."
            self._log.notice(Problem(said))
            return ours
        # First: a signal or an error may come in between, and then the truth is told.
        self._published.registered(earlier.name, earlier)
        self._published.reused = True
        self._versions.delete(ours)
        said += f"it is taken, and version {ours.version}, which this job made, was deleted."
        self._log.notice(Problem(said))
        return self._versions.whole(earlier)

    def _replaced(self, version: ModelVersion, holders: dict[str, str]) -> str:
        """The version that this one takes the place of, also when it has done so before.

        That is what had the first alias; without aliases, the READY version before.
        """
        if self._labels.asked.aliases and self._versions.has_labels:
            holder = holders.get(self._labels.asked.aliases[0], "")
            is_there = holder == str(version.version)
            return str(version.tags.get(REPLACES, "")) if is_there else holder
        before = [
            int(each.version)
            for each in self._versions.all()
            if each.status == READY and int(each.version) < int(version.version)
        ]
        return str(max(before)) if before else ""

    def _set_aliases(self, version: ModelVersion, holders: dict[str, str]) -> None:
        aliases = self._labels.asked.aliases
        if not self._versions.has_labels:
            left_out = "tags and no aliases" if aliases else "tags"
            self._log.notice(
                Problem(
                    f"`registry-uri`: the registry knows no {left_out} of model versions: they"
                    " were left out. Where the version comes from is in its description."
                )
            )
            return
        number = str(version.version)
        for alias in aliases:
            before = holders.get(alias, "")
            if before == number:
                self._log.line(f"{alias} is on version {number} already")
                continue
            if before:
                tell_if_backwards(alias, before, version, self._log)
            self._versions.set_alias(version, alias)
            self._published.moved[alias] = before
            self._log.line(
                f"{alias} moved from version {before} to version {number}"
                if before
                else f"{alias} is on version {number} now"
            )
