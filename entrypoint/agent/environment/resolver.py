"""From what the agent asks for to exact pins, for one interpreter."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from entrypoint.agent.environment.index_credentials import without_credentials
from entrypoint.agent.environment.indexes import Indexes
from entrypoint.agent.environment.interpreter import Interpreter
from entrypoint.agent.environment.lock import PYPI, Resolution
from entrypoint.agent.environment.package_folder import FoundPackage
from entrypoint.agent.environment.requirement_lines import RequirementLine, anchored, local_path
from entrypoint.agent.environment.requirements import Requirements, has_sources, is_package
from entrypoint.agent.environment.toml_file import parse, part, tables, text_of
from entrypoint.agent.environment.uv import UvProgram
from entrypoint.runtime import untrusted_file

# Where the lines of the input `requirements` stand: in no file of the checkout.
_INPUT = "the input `requirements`"
_URL = re.compile(r"\S+://\S+")


@dataclass(frozen=True)
class Resolver:
    """Resolves with uv in `root`: the checkout, or a copy of it.

    `folder` is ours, `output` is where uv writes. uv reads requirement files of ours alone: what
    was read of the user's, with every include in its place, and for packages of the checkout that
    are built already their `wheels`.
    """

    uv: UvProgram
    interpreter: Interpreter
    folder: Path
    output: Path
    checkout: Path
    root: Path
    indexes: Indexes
    requirements: Requirements
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
        files = self.requirements.files
        options: list[str | Path] = []
        if self._locks and len(self._locks) == len(files) and not self.requirements.lines:
            # Its pins are exact, and each may be in any of the lock's indexes.
            options.append("--index-strategy=unsafe-best-match")
            if not added:
                options.append("--no-deps")  # a lock says all that there is
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
            # Else it reads what it wrote the time before, whose paths it can't read.
            "--upgrade",
            # A setting of the checkout could ask for them; MLflow takes one line a requirement.
            "--no-generate-hashes",
            *options,
            cwd=self.cwd,
        )
        return Resolution.parse(untrusted_file.read_text(resolved))

    @property
    def cwd(self) -> Path:
        """Where uv is started: its settings are found from there."""
        folders = {path.parent for path in self.requirements.files}
        return self.moved(folders.pop()) if len(folders) == 1 else self.root

    def moved(self, path: Path) -> Path:
        """A path of the checkout, where uv works on it."""
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

        A project with sources of its own says there where its requirements are, and its wheel not.
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
    def _locks(self) -> list[Path]:
        return [path for path in self.requirements.files if path.name == "uv.lock"]

    @cached_property
    def _lines(self) -> list[RequirementLine]:
        """What the requirements say, but for projects, which uv reads itself."""
        lines = [x for x in self.requirements.read if x.file.suffix not in (".toml", ".lock")]
        lines += self._of_input(*self.requirements.lines)
        return lines + [line for lock in self._locks for line in self._exported(lock)]

    def _in_checkout(self, path: Path) -> Path:
        for package, wheel in self.wheels.items():
            if path == wheel:
                return package
        return (
            self.checkout / path.relative_to(self.root) if path.is_relative_to(self.root) else path
        )

    def _of_input(self, *texts: str) -> list[RequirementLine]:
        """Lines that stand in no file."""
        return [RequirementLine(self.checkout / _INPUT, 1, text) for text in texts]

    def _exported(self, lock: Path) -> list[RequirementLine]:
        """A lock in the requirements format, with its own indexes."""
        exported = self.output / "uv-lock.txt"
        folder, member = self.moved(lock.parent), self.requirements.member
        self.uv.run(
            "reading uv.lock",
            *("export", f"--project={folder}", f"--python={self.interpreter.path}"),
            *([f"--package={member}"] if member else []),
            f"--output-file={exported}",
            *("--frozen", "--quiet", "--no-header", "--no-annotate", "--no-default-groups"),
            cwd=folder,
        )
        text = untrusted_file.read_text(exported).replace("\\\n", "")
        lines = [*indexes(lock), *(line.strip() for line in text.splitlines())]
        return [
            RequirementLine(lock, 1, line) for line in lines if line and not line.startswith("#")
        ]

    def _written(self, name: str, lines: Sequence[RequirementLine]) -> Path:
        """Write lines into a file of ours; what uv says of it is known to be of the user's."""
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
            text = _URL.sub(lambda url: without_credentials(url[0]), text)
        path = local_path(text)
        if path and (wheel := self.wheels.get(Path(os.path.normpath(line.file.parent / path)))):
            return f"{wheel}{text.rpartition(path)[2]}"  # with its extras
        text = text.replace(f"{self.checkout}/", f"{self.root}/")
        return anchored(text, self.moved(line.file.parent))

    def _signed(self) -> list[str]:
        """Options that open the indexes of the step's variables; not for what is built."""
        if self.uv.builds:
            return []
        return [f"--extra-index-url {url}" for url in self.indexes.signed]

    def _file(self, name: str, lines: Iterable[str]) -> Path:
        file = self.folder / name
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return file


def indexes(lock: Path) -> list[str]:
    """Options for the indexes that a lock names: the requirements format has no index a package."""
    content = parse(text_of(lock, lock.name))
    named = (part(package, "source", "registry") for package in tables(content, "package"))
    # uv says what is wrong with another than a text; one of several lines would be several options.
    registries = dict.fromkeys(
        registry for registry in named if isinstance(registry, str) and registry.isprintable()
    )
    return [
        f"--extra-index-url {without_credentials(registry)}"
        if "://" in registry
        else f"--find-links {lock.parent / registry}"
        for registry in registries
        if registry != PYPI
    ]
