"""The files of the version that is promoted, checked against its manifest."""

from pathlib import Path

from entrypoint.agent.manifest import PATH, Manifest
from entrypoint.agent.model_check.check import check
from entrypoint.agent.model_check.files import listed
from entrypoint.registry.cancellation import run_cancellable
from entrypoint.registry.promote import source_errors as problems
from entrypoint.registry.promote.source_version import SourceVersion
from entrypoint.registry.session import Session
from entrypoint.registry.version_files import UnreadableFiles, files_of
from entrypoint.runtime.errors import InputFailure


def fetch(source: SourceVersion, session: Session, folder: Path) -> Manifest:
    """Download all files of a version into the empty folder, and check them by its manifest.

    Raises:
        InputFailure: they aren't what was registered.
        PublishFailure: the registry refused.

    """
    with session.problems():

        def download() -> None:
            # Anew for each attempt: `files_of` keeps the token with which it began.
            version = source.version
            files_of(version.name, str(version.version), session.stores).download(folder)

        try:
            session.retried(lambda: run_cancellable(download))
        except UnreadableFiles as error:
            raise InputFailure(problems.differs(source.uri, error.problems)) from error
    if unreadable := listed(folder).problems:
        raise InputFailure(problems.differs(source.uri, unreadable))
    try:
        manifest = Manifest.read(folder / PATH)
    except FileNotFoundError:
        raise InputFailure(problems.not_ours(source.uri, f"holds no `{PATH}`")) from None
    except ValueError as error:
        raise InputFailure(problems.not_ours(source.uri, f"holds {error}")) from error
    if not source.digest:
        raise InputFailure(problems.not_ours(source.uri, "has no digest in its tags"))
    if manifest.digest != source.digest:
        differs = (
            f"has the digest {source.digest} in its tags, and {manifest.digest} in its manifest"
        )
        raise InputFailure(problems.not_ours(source.uri, differs))
    if differing := check(folder, manifest):
        raise InputFailure(problems.differs(source.uri, differing))
    return manifest
