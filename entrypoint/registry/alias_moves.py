"""Aliases that move to a version: to an older one only where the user requests that."""

from collections.abc import Callable
from dataclasses import dataclass

from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.labels import COMMIT, COMMITS, Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.versions import Versions
from entrypoint.runtime.errors import Problem
from entrypoint.runtime.log import Log

IsAncestor = Callable[[str, str], bool | None]
"""Whether the second commit was made on top of the first; None where that can't be known."""


@dataclass(frozen=True)
class AliasMoves:
    """Moves aliases of one model, and notes in `published` which of them moved."""

    versions: Versions
    is_ancestor: IsAncestor
    published: Published
    log: Log

    def move(self, version: ModelVersion, labels: Labels) -> None:
        """Let the aliases point to a version (with its aliases) of this job's commit.

        One that points to a version of a later commit stays there: an older job was run again.
        """
        for alias in labels.aliases:
            if alias in version.aliases:
                continue
            holder = self.versions.with_alias(alias)
            if holder is None:
                self.set(alias, version, "")
                continue
            is_older = self._is_older(labels.commit, holder)
            if is_older:
                self.published.kept[alias] = str(holder.version)
                self.log.warning(_kept(alias, version, holder))
                continue
            self.set(alias, version, str(holder.version), is_newer=is_older is False)

    def set(
        self, alias: str, version: ModelVersion, before: str, *, is_newer: bool = False
    ) -> None:
        """Let an alias point to a version, with a warning where its number is lower than `before`.

        `before` is the number of the version that has the alias now, empty for none. A version
        that `is_newer` is of a later commit, whatever its number.
        """
        if before and not is_newer and int(version.version) < int(before):
            self.log.warning(_moves_backwards(alias, before, version))
        self.versions.set_alias(version, alias)
        self.published.moved[alias] = before

    def _is_older(self, commit: str, holder: ModelVersion) -> bool | None:
        """Whether a commit comes before that of a version; None where it isn't known."""
        commits = (holder.tags.get(COMMITS) or holder.tags.get(COMMIT, "")).split()
        if not commit or not commits:
            return None
        return False if commit in commits else self.is_ancestor(commit, commits[0])


def _moves_backwards(alias: str, before: str, version: ModelVersion) -> Problem:
    return Problem(
        f"`aliases`: `{alias}` of `{version.name}` moves backwards, from version {before}"
        f" to version {version.version}.",
        "To bring it forward again:\n\n" + _promotion(version.name, before, alias),
    )


def _kept(alias: str, version: ModelVersion, holder: ModelVersion) -> Problem:
    return Problem(
        f"`aliases`: `{alias}` of `{version.name}` stays on version {holder.version}, which is of a"
        f" later commit than this job's: version {version.version} doesn't get it.",
        "To move it back all the same:\n\n" + _promotion(version.name, str(version.version), alias),
    )


def _promotion(name: str, number: str, alias: str) -> str:
    return (
        "    with:\n      mode: promote\n"
        f"      source: models:/{name}/{number}\n"
        f"      uc-target: {name}\n"
        f"      aliases: {alias}"
    )
