"""Resolves the agent's requirements to exact pins, for one interpreter."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from entrypoint.agent.environment.index_credentials import without_credentials
from entrypoint.agent.environment.indexes import Indexes
from entrypoint.agent.environment.interpreter import Interpreter
from entrypoint.agent.environment.lock import Resolution
from entrypoint.agent.environment.package_folder import FoundPackage
from entrypoint.agent.environment.requirement_lines import RequirementLine
from entrypoint.agent.environment.requirement_paths import anchored, local_path
from entrypoint.agent.environment.requirements import Requirements, has_sources, is_package
from entrypoint.agent.environment.uv import UvProgram
from entrypoint.runtime import untrusted_file

# In place of a file, for lines of the input `requirements`.
_INPUT = "the input `requirements`"


@dataclass(frozen=True)
class Resolver:
    """Resolves with uv in `root`: the checkout, or a copy of it.

    uv writes into `output`, and reads only requirement files that are written into `folder`: they
    have the lines of the user's files, with every include in its place, and those of `locked`, the
    `uv.lock` files. Packages of the checkout that are built already are in `wheels`.
    """

    uv: UvProgram
    interpreter: Interpreter
    folder: Path
    output: Path
    checkout: Path
    root: Path
    indexes: Indexes
    requirements: Requirements
    locked: tuple[RequirementLine, ...]
    wheels: Mapping[Path, Path] = field(default_factory=dict)

    def resolve(self, *added: str) -> Resolution:
        """Pin every requirement, transitive ones and `added` ones too.

        What is found in folders of the checkout is looked at anew: uv keeps what it once read of a
        wheel under the wheel's name.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            InputFailure: a variable in them is not for a package index.
            NeedsSource: one has no wheel, and uv doesn't build.
            TimedOut: the deadline passed.

        """
        resolution = self._compiled(*added)
        if changeable := self.changeable(resolution):
            names = sorted({package.name for package in changeable})
            self.uv.run("reading wheels anew", "cache", "clean", "--quiet", *names)
            return self._compiled(*added)
        return resolution

    def changeable(self, resolution: Resolution) -> tuple[FoundPackage, ...]:
        """The packages that come from folders of the checkout: the next commit may change them."""
        return tuple(each for each in resolution.found if each.index.is_relative_to(self.root))

    def _compiled(self, *added: str) -> Resolution:
        files, locks = self.requirements.files, self.requirements.locks
        options: list[str | Path] = []
        if locks and locks == files and not self.requirements.lines:
            # Its pins are exact, and each may be in any of the lock's indexes.
            options.append("--index-strategy=unsafe-best-match")
            if not added:
                options.append("--no-deps")  # a lock has every dependency
        lines = [line for line in self._lines if not line.is_constraint]
        limits = [line for line in self._lines if line.is_constraint]
        if limits:
            options.append(f"--constraints={self._written('constraints.txt', limits)}")
        resolved = self.output / "resolved.txt"
        self.uv.run(
            "resolving the requirements",
            *("pip", "compile", *self.uv.options),
            *(self.moved(path) for path in files if path.suffix == ".toml"),
            self._written("requirements.txt", [*lines, *self._of_input(*added)]),
            f"--python={self.interpreter.path}",
            f"--output-file={resolved}",
            *("--quiet", "--no-header", "--no-annotate", "--emit-index-annotation"),
            *("--emit-index-url", "--emit-find-links"),
            # Else uv reads its last output as preferences, and can't read the paths in it.
            "--upgrade",
            # A setting of the checkout could turn them on; MLflow takes one line a requirement.
            "--no-generate-hashes",
            *options,
            cwd=self.cwd,
        )
        return Resolution.parse(untrusted_file.read_text(resolved))

    @property
    def cwd(self) -> Path:
        """Where uv is started: it looks for its settings from there upwards."""
        folders = {path.parent for path in self.requirements.files}
        return self.moved(folders.pop()) if len(folders) == 1 else self.root

    def moved(self, path: Path) -> Path:
        """A path of the checkout, moved to `root`."""
        return self.root / path.relative_to(self.checkout)

    def local_packages(self, resolution: Resolution) -> list[Path]:
        """The packages that come from the checkout, as paths below it."""
        projects = [
            path.parent
            for path in self.requirements.files
            if path.name == "pyproject.toml" and is_package(path)
        ]
        found = (Path(os.path.normpath(self.cwd / path)) for path in resolution.local)
        return projects + [self._in_checkout(path) for path in found]

    @property
    def buildable(self) -> list[Path]:
        """Packages of the checkout that are required by their paths, and by nothing but these.

        Not those with `[tool.uv.sources]`: a wheel has no record of where its requirements are.
        """
        paths = (
            Path(os.path.normpath(line.file.parent / path))
            for line in self._lines
            if (path := local_path(line.text))
        )
        projects = [path for path in paths if (path / "pyproject.toml").is_file()]
        return [path for path in projects if not has_sources(path / "pyproject.toml")]

    def hashes(self) -> Path | None:
        """Constraints with the hashes that the requirements give; uv checks them on installing."""
        lines = (line.text for line in self._lines)
        hashed = [line for line in lines if "--hash" in line and not local_path(line)]
        return self._file("hashes.txt", hashed) if hashed else None

    def install_list(self, resolution: Resolution) -> Path:
        """What is installed: the pins without the local packages, and the indexes with them."""
        lines = (*resolution.index_options, *self._signed(), *resolution.remote)
        return self._file("pins.txt", lines)

    @cached_property
    def _lines(self) -> list[RequirementLine]:
        """The lines of all requirements but those of projects, which uv reads itself."""
        lines = [x for x in self.requirements.read if x.file.suffix not in (".toml", ".lock")]
        return [*lines, *self._of_input(*self.requirements.lines), *self.locked]

    def _in_checkout(self, path: Path) -> Path:
        for package, wheel in self.wheels.items():
            if path == wheel:
                return package
        return (
            self.checkout / path.relative_to(self.root) if path.is_relative_to(self.root) else path
        )

    def _of_input(self, *texts: str) -> list[RequirementLine]:
        """Lines that are in no file of the checkout."""
        return [RequirementLine(self.checkout / _INPUT, 1, text) for text in texts]

    def _written(self, name: str, lines: Sequence[RequirementLine]) -> Path:
        """Write lines into a file, whose lines uv's explanations are then mapped to the user's."""
        signed = self._signed()
        texts = [self._text(line) for line in lines]
        file = self._file(name, [*signed, *texts])
        self.uv.explanation.written[file] = [None] * len(signed) + list(lines)
        return file

    def _text(self, line: RequirementLine) -> str:
        """A line, with its variables filled in and its paths from where uv works."""
        place = self.uv.explanation.place(line)
        text = self.indexes.expanded(line, place)
        if self.uv.builds:
            text = without_credentials(text)
        path = local_path(text)
        if path and (wheel := self.wheels.get(Path(os.path.normpath(line.file.parent / path)))):
            return f"{wheel}{text.rpartition(path)[2]}"  # with its extras
        text = text.replace(f"{self.checkout}/", f"{self.root}/")
        return anchored(text, self.moved(line.file.parent))

    def _signed(self) -> list[str]:
        """Options for the step's indexes with their credentials; none where something is built."""
        if self.uv.builds:
            return []
        return [f"--extra-index-url {url}" for url in self.indexes.signed]

    def _file(self, name: str, lines: Iterable[str]) -> Path:
        file = self.folder / name
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return file
