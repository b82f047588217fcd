"""The checkout's own packages: built to wheels, and taken along with the model as code.

Their `file:` lines would be of no use on serving. They are built in a copy of the checkout: build
backends write where they build, and in the container the checkout isn't theirs.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent.environment.uv_program import UvProgram
from entrypoint.agent.environment.wheel import WheelRefused, unpack
from entrypoint.errors import EnvironmentFailure, Problem

# Folders that say of themselves that they are caches or virtual environments.
_MARKS = ("CACHEDIR.TAG", "pyvenv.cfg")
_LEFT_OUT = {"__pycache__", "node_modules", ".log-agent", ".git"}


def copy_of(checkout: Path, target: Path, cache: Path) -> Path:
    """Copy the checkout; links stay links, and what can be made anew is left out."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if _is_left_out(Path(folder, name), cache)}

    shutil.copytree(checkout, target, symlinks=True, ignore=left_out)
    return target


def _is_left_out(path: Path, cache: Path) -> bool:
    if path.is_symlink():
        return False
    if path.is_dir():
        return (
            path.name in _LEFT_OUT
            or path == cache
            or any((path / mark).exists() for mark in _MARKS)
        )
    return not path.is_file()  # sockets and pipes


@dataclass(frozen=True)
class LocalPackages:
    """Packs packages of the checkout, which are built in `copy`."""

    uv: UvProgram
    python: Path
    checkout: Path
    copy: Path

    def pack(self, paths: Iterable[Path]) -> tuple[Path, ...]:
        """Build the packages; the modules, packages and metadata that they consist of.

        Raises:
            EnvironmentFailure: one can't be built, or isn't pure Python.
            TimedOut: the deadline passed.

        """
        # Ours, not the account's: nobody else writes where we unpack.
        code = self.uv.sandbox.folder / "code"
        code.mkdir()
        for number, path in enumerate(dict.fromkeys(paths)):
            shown = self._shown(path)
            self.uv.sandbox.log.line(f"`{shown}` travels with the model as code.")
            wheel = path if path.suffix == ".whl" else self._built(path, shown, number)
            try:
                unpack(wheel, code)
            except WheelRefused as refused:
                raise EnvironmentFailure(
                    Problem(
                        f"`requirements`: the local package `{shown}` {refused}. Only pure Python"
                        " travels with a model as code.",
                        "Publish it to a package index, and require it from there by name and"
                        " version:\n\n    package==1.0",
                    )
                ) from refused
        return tuple(sorted(code.iterdir()))

    def _shown(self, path: Path) -> str:
        if not path.resolve().is_relative_to(self.checkout):
            raise EnvironmentFailure(
                Problem(
                    f"`requirements`: the local package `{path}` is outside the workspace.",
                    "Name a path inside the checkout.",
                )
            )
        return path.relative_to(self.checkout).as_posix()

    def _built(self, path: Path, shown: str, number: int) -> Path:
        folder = self.uv.sandbox.share(f"wheel-{number}")
        source = self.copy / path.relative_to(self.checkout)
        # Not quiet: that would leave out why a build backend failed.
        self.uv.run(
            f"building `{shown}`",
            *("build", "--wheel", "--no-create-gitignore"),
            f"--python={self.python}",
            f"--out-dir={folder}",
            source,
            cwd=source if source.is_dir() else source.parent,
            show=False,
        )
        wheels = sorted(folder.glob("*.whl"))
        if len(wheels) != 1:
            raise EnvironmentFailure(
                Problem(f"`requirements`: building `{shown}` made {len(wheels)} wheels, not one.")
            )
        return wheels[0]
