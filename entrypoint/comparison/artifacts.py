"""What changes in the artifacts, by hash and size: they are never downloaded."""

from collections.abc import Iterator

from entrypoint.agent.model_check.manifest_view import is_local
from entrypoint.comparison.changes import ArtifactChange
from entrypoint.comparison.model_file import Artifact
from entrypoint.comparison.snapshot import Snapshot


def changes(before: Snapshot, after: Snapshot) -> Iterator[ArtifactChange]:
    """The artifacts that differ, by name."""
    if before.artifacts is None or after.artifacts is None:
        return
    for name in sorted(before.artifacts.keys() | after.artifacts.keys()):
        was, now = before.artifacts.get(name), after.artifacts.get(name)
        if was is None and now:
            yield ArtifactChange(name, "added", None, now.size)
        elif now is None and was:
            yield ArtifactChange(name, "removed", was.size, None)
        elif was and now and _differ(was, now):
            yield ArtifactChange(name, "changed", was.size, now.size)


def are_unknown(before: Snapshot, after: Snapshot) -> bool:
    """Whether there is an artifact that may have changed, or not."""
    old, new = before.artifacts or {}, after.artifacts or {}
    return any(name in new and not each.place for name, each in old.items())


def _differ(was: Artifact, now: Artifact) -> bool:
    """Whether they do: a local one's folder in the model depends on what the others are called."""
    if is_local(was.place) and is_local(now.place):
        return (_last_name(was), was.files) != (_last_name(now), now.files)
    return bool(was.place) and was != now


def _last_name(artifact: Artifact) -> str:
    return artifact.place.rpartition("/")[2]
