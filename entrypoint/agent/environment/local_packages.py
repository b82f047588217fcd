"""The checkout's own packages: built to wheels, and taken along with the model as code.

Serving couldn't resolve their `file:` lines. They are built in a copy of the checkout, for build
backends write where they build, and in the container their account may not write to the checkout.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from entrypoint.agent.environment.interpreter import Interpreter
from entrypoint.agent.environment.uv import UvProgram
from entrypoint.agent.environment.wheel import WheelRefused, unpack
from entrypoint.runtime import untrusted_file
from entrypoint.runtime.errors import EnvironmentFailure, Problem

# Files that mark a folder as a cache or a virtual environment.
_MARKER_FILES = ("CACHEDIR.TAG", "pyvenv.cfg")
_LEFT_OUT = {"__pycache__", "node_modules", ".log-agent", ".git"}


def copy_of(checkout: Path, target: Path, cache: Path) -> Path:
    """Copy the checkout without caches and environments; links stay links."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if _is_left_out(Path(folder, name), cache)}

    shutil.copytree(checkout, target, symlinks=True, ignore=left_out)
    return target


def _is_left_out(path: Path, cache: Path) -> bool:
    if path.is_symlink():
        return False
    if not os.access(path, os.R_OK):
        return True
    if path.is_dir():
        return (
            path.name in _LEFT_OUT
            or path == cache
            or any((path / mark).exists() for mark in _MARKER_FILES)
        )
    return not path.is_file()  # sockets and pipes


@dataclass(frozen=True)
class LocalPackages:
    """Packages of the checkout, which are built in `copy`; `wheels` are those that are built."""

    uv: UvProgram
    interpreter: Interpreter
    checkout: Path
    copy: Callable[[], Path]
    wheels: dict[Path, Path] = field(default_factory=dict)

    def pack(self, paths: Iterable[Path]) -> tuple[Path, ...]:
        """Build and unpack the packages; the modules, packages and metadata in them.

        Raises:
            EnvironmentFailure: one can't be built, or isn't pure Python.
            TimedOut: the deadline passed.

        """
        # Not shared with untrusted programs, for it is written by paths.
        code = self.uv.sandbox.folder / "code"
        code.mkdir(exist_ok=True)
        for path in dict.fromkeys(paths):
            shown = self._shown(path)
            self.uv.sandbox.log.line(f"`{shown}` travels with the model as code.")
            wheel = path if path.suffix == ".whl" else self.built(path)
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

    def built(self, path: Path) -> Path:
        """The wheel of a package, copied to where build backends can't write.

        Raises:
            EnvironmentFailure: it can't be built.
            TimedOut: the deadline passed.

        """
        if path not in self.wheels:
            self.wheels[path] = self._build(path, self._shown(path))
        return self.wheels[path]

    def _build(self, path: Path, shown: str) -> Path:
        number = len(self.wheels)
        folder = self.uv.sandbox.share(f"build-{number}")
        source = self.copy() / path.relative_to(self.checkout)
        # Not quiet: that would leave out why a build backend failed.
        self.uv.run(
            f"building `{shown}`",
            *("build", "--wheel", "--no-create-gitignore"),
            f"--python={self.interpreter.path}",
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
        wheel = self.uv.sandbox.folder / f"wheel-{number}" / wheels[0].name
        wheel.parent.mkdir()
        with (
            os.fdopen(untrusted_file.opened(wheels[0]), "rb") as made,
            wheel.open("xb") as file,
        ):
            shutil.copyfileobj(made, file)
        return wheel
