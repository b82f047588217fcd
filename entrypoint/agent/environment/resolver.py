"""From what the agent asks for to exact pins, for one interpreter."""

from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent import foreign_file
from entrypoint.agent.environment.credentials import without_credentials
from entrypoint.agent.environment.interpreter import Interpreter
from entrypoint.agent.environment.lock import PYPI, Resolution
from entrypoint.agent.environment.requirement_lines import anchored, local_path
from entrypoint.agent.environment.requirements import Requirements, is_package
from entrypoint.agent.environment.toml_file import parse, part, tables, text_of
from entrypoint.agent.environment.uv_program import UvProgram


@dataclass(frozen=True)
class Resolver:
    """Resolves with uv in `root`: the checkout, or a copy of it."""

    uv: UvProgram
    interpreter: Interpreter
    folder: Path
    checkout: Path
    root: Path

    def resolve(self, requirements: Requirements, *added: str) -> Resolution:
        """Pin every requirement, transitive ones too.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            TimedOut: the deadline passed.

        """
        files = [self._resolvable(path, requirements.member) for path in requirements.files]
        lines = [self._moved(line) for line in requirements.lines] + list(added)
        lines += [f"-c {self.moved(path)}" for path in requirements.constraints]
        if lines:
            files.append(self.folder / "input.txt")
            files[-1].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        locks = [path for path in requirements.files if path.name == "uv.lock"]
        options = []
        if locks and len(locks) == len(requirements.files) and not requirements.lines:
            # Its pins are exact, and each may be in any of the lock's indexes.
            options.append("--index-strategy=unsafe-best-match")
            if not added:
                options.append("--no-deps")  # a lock says all that there is
        resolved = self.folder / "resolved.txt"
        self.uv.run(
            "resolving the requirements",
            *("pip", "compile"),
            *files,
            f"--python={self.interpreter.path}",
            f"--output-file={resolved}",
            *("--quiet", "--no-header", "--no-annotate", "--emit-index-annotation"),
            *("--emit-index-url", "--emit-find-links"),
            # A setting of the checkout could ask for them; MLflow takes one line a requirement.
            "--no-generate-hashes",
            *options,
            cwd=self.cwd(requirements),
        )
        return Resolution.parse(foreign_file.read(resolved))

    def cwd(self, requirements: Requirements) -> Path:
        """Where uv is started: paths in a requirement file are relative to its folder.

        uv's settings are found from there, too.
        """
        folders = {path.parent for path in requirements.files}
        return self.moved(folders.pop()) if len(folders) == 1 else self.root

    def moved(self, path: Path) -> Path:
        """A path of the checkout, where uv works on it."""
        return self.root / path.relative_to(self.checkout)

    def local_packages(self, requirements: Requirements, resolution: Resolution) -> list[Path]:
        """The packages that come from the checkout."""
        projects = [
            self.moved(path.parent)
            for path in requirements.files
            if path.name == "pyproject.toml" and is_package(path)
        ]
        return projects + [self.cwd(requirements) / path for path in resolution.local]

    def hashes(self, requirements: Requirements) -> Path | None:
        """Constraints with the hashes that the requirements give; uv checks them on installing."""
        lines = [line.text for line in requirements.read]
        for exported in self.folder.glob("uv-lock-*.txt"):
            lines += foreign_file.read(exported).replace("\\\n", "").splitlines()
        hashed = [line for line in lines if "--hash" in line and not local_path(line)]
        if not hashed:
            return None
        file = self.folder / "hashes.txt"
        file.write_text("".join(f"{line}\n" for line in hashed), encoding="utf-8")
        return file

    def _moved(self, line: str) -> str:
        return line.replace(f"{self.checkout}/", f"{self.root}/")

    def _resolvable(self, path: Path, member: str) -> Path:
        moved = self.moved(path)
        return self._exported(moved, member) if path.name == "uv.lock" else moved

    def _exported(self, lock: Path, member: str) -> Path:
        """A lock in the requirements format, with its own indexes."""
        exported = self.folder / f"uv-lock-{len(list(self.folder.glob('uv-lock-*')))}.txt"
        self.uv.run(
            "reading uv.lock",
            *("export", f"--project={lock.parent}", f"--python={self.interpreter.path}"),
            *([f"--package={member}"] if member else []),
            f"--output-file={exported}",
            *("--frozen", "--quiet", "--no-header", "--no-annotate", "--no-default-groups"),
            cwd=lock.parent,
        )
        lines = foreign_file.read(exported).splitlines()
        lines = [*indexes(lock), *(anchored(line, lock.parent) for line in lines)]
        exported.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return exported


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
