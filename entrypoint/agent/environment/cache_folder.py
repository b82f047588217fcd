"""The folder in which packages, interpreters and environments are kept between jobs."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from entrypoint.runtime.errors import EnvironmentFailure, Problem


@dataclass(frozen=True)
class CacheFolder:
    """Kept from one job to the next; in between, others may have written to it."""

    folder: Path

    @property
    def packages(self) -> Path:
        """Uv's own cache."""
        return self.folder / "packages"

    @property
    def pythons(self) -> Path:
        """The archives of interpreters, whose hashes uv checks."""
        return self.folder / "python"

    @property
    def environments(self) -> Path:
        """The agents' environments, each under its key."""
        return self.folder / "environments"

    def prepare(self) -> None:
        """Make its folders.

        Raises:
            EnvironmentFailure: a link in it leads elsewhere, and would be written through.

        """
        for folder in (self.packages, self.pythons, self.environments):
            if not folder.is_symlink():
                folder.mkdir(parents=True, exist_ok=True)
            if folder.stat().st_uid != os.geteuid():
                raise EnvironmentFailure(
                    Problem(
                        f"`cache-dir`: `{folder.name}` in it belongs to another account.",
                        "Delete the cache, and let log-agent make its own.",
                    )
                )
        for link in self._links_out():
            raise EnvironmentFailure(
                Problem(
                    f"`cache-dir`: `{link.relative_to(self.folder)}` in it is a link to"
                    f" `{link.readlink()}`, and nothing is written through one.",
                    "Delete the cache, and let log-agent make its own.",
                )
            )

    def _links_out(self) -> Iterator[Path]:
        for folder in (self.packages, self.pythons, self.environments):
            for path in (folder, *(() if folder.is_symlink() else folder.iterdir())):
                if path.is_symlink() and not path.resolve().is_relative_to(folder):
                    yield path
