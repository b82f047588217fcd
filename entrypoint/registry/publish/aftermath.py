"""What is there after an error: a version can be READY though the job that made it failed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from entrypoint.registry.interruption import best_effort_cleanup
from entrypoint.registry.publication_result import Published
from entrypoint.registry.session import Session
from entrypoint.runtime.errors import Problem


@contextmanager
def told_of(published: Published, aliases: Sequence[str], session: Session) -> Iterator[None]:
    """After an error, say which version is READY all the same, and which aliases it lacks."""
    try:
        yield
    except BaseException as error:
        if published.model_version:
            session.link(published)
            # Those of which the registry doesn't say that they are set, are not.
            missing = list(aliases)
            with best_effort_cleanup(error):
                missing = session.without(published, aliases)
            session.log.notice(Problem(_told(published, missing)))
        raise


def _told(published: Published, missing: Sequence[str]) -> str:
    said = f"`{published.model_name}` version {published.model_version} is READY"
    if not missing:
        return f"{said}, though the job failed. Run the job again."
    named = ", ".join(f"`{alias}`" for alias in missing)
    left = f"the alias {named} was" if len(missing) == 1 else f"the aliases {named} were"
    return f"{said}; {left} not set. Run the job again."
