"""Folders that have packages: with wheels in them (`--find-links`), or laid out as a simple index.

Unlike those of a package index, their files may change under their names:
https://packaging.python.org/en/latest/specifications/simple-repository-api/
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from entrypoint.runtime.errors import EnvironmentFailure, Problem


@dataclass(frozen=True)
class FoundPackage:
    """A pin (`name==1.0`) with the folder in which uv found it, or the page that lists files."""

    pin: str
    index: Path

    @cached_property
    def name(self) -> str:
        """The package's name as indexes spell it."""
        return canonicalize_name(Requirement(self.pin).name)

    @property
    def option(self) -> str:
        """The option with which uv finds it again, from wherever it works."""
        option = "--extra-index-url" if self._own_folder.is_dir() else "--find-links"
        return f"{option} {self.index.as_uri()}"

    @property
    def wheels(self) -> list[Path]:
        """Its wheels.

        Raises:
            EnvironmentFailure: the page lists the package, but its folder has no wheel of it.

        """
        folder = self.index.parent if self.index.is_file() else self.index
        folder = self._own_folder if self._own_folder.is_dir() else folder
        wheels = [path for path in sorted(folder.iterdir()) if self._is_wheel(path)]
        if not wheels:
            raise EnvironmentFailure(
                Problem(
                    f"`requirements`: `{self.index.name}` lists `{self.pin}`, and has no wheel of"
                    " it.",
                    f"Put the wheel into `{folder.name}`, or require it by its address.",
                )
            )
        return wheels

    @property
    def identity(self) -> str:
        """Changes with what is in the wheels."""
        digest = hashlib.sha256()
        for wheel in self.wheels:
            with wheel.open("rb") as file:
                digest.update(f"{wheel.name}\0".encode())
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @property
    def _own_folder(self) -> Path:
        """The package's in a simple index."""
        return self.index / self.name

    def _is_wheel(self, path: Path) -> bool:
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            return False
        return name == self.name and Requirement(self.pin).specifier.contains(
            version, prereleases=True
        )


def not_on_serving(found: Sequence[FoundPackage], root: Path) -> Problem:
    """A notice of packages in folders of the checkout, which is at `root`."""
    folder = found[0].index.relative_to(root)
    pins = ", ".join(f"`{package.pin}`" for package in found)
    return Problem(
        f"`requirements`: {pins}: found in `{folder}`, a folder of the checkout, which serving"
        " doesn't have. It looks for the pins in the package indexes.",
        "Publish it to an index. Or require the wheel by its path, and it travels with the model as"
        f" code:\n\n    with:\n      requirements: |\n        ./{folder}/<its name>.whl",
    )
