"""The agent's own Python environment: resolved once by uv, made, and recorded as it is."""

import fcntl
import hashlib
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from uv import find_uv_bin

from entrypoint.agent.requirements import Requirements
from entrypoint.agent.sandbox import Sandbox
from entrypoint.errors import EnvironmentFailure, Problem

# The only MLflow that publishing is tested with, and what an agent gets that asks for none.
_MLFLOW = "mlflow==3.17.2"
_MLFLOW_NAMES = {"mlflow", "mlflow-skinny"}
_PYPI = "https://pypi.org/simple"
_INDEX_VARIABLES = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")


@dataclass(frozen=True)
class Lock:
    """What was resolved: index options as the requirements give them, then one exact pin a line."""

    options: tuple[str, ...]
    pins: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The lock as requirement lines, as they are recorded in the model."""
        return [*self.options, *self.pins]

    @property
    def names(self) -> set[str]:
        """The packages' names, as uv normalises them."""
        return {re.split(r"[^a-z0-9-]", pin, maxsplit=1)[0] for pin in self.pins}


@dataclass(frozen=True)
class Environment:
    """An environment that is there: its interpreter and what is in it."""

    python: Path
    lock: Lock


class Uv:
    """uv, run in the sandbox: it starts build backends, which are foreign code."""

    def __init__(
        self, sandbox: Sandbox, cache: Path | None, cwd: Path, environ: Mapping[str, str]
    ) -> None:
        """Keep packages and environments in `cache`, else only for this job."""
        self._sandbox = sandbox
        self._cwd = cwd
        self._kept = cache is not None
        self._cache = sandbox.give(cache or sandbox.folder / "cache")
        self._packages = sandbox.give(self._cache / "uv")
        self._environ = {
            **{name: value for name, value in environ.items() if name.startswith("UV_")},
            "UV_CACHE_DIR": str(self._packages),
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        }
        self._sent = {
            _without_credentials(url)
            for name in _INDEX_VARIABLES
            for url in environ.get(name, "").split()
        }

    def environment(self, requirements: Requirements) -> Environment:
        """Resolve the requirements and make the environment, or take the one that is there.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            TimedOut: the deadline passed.

        """
        resolved = self._resolve(requirements)
        lock = self._lock(resolved)
        if not lock.names & _MLFLOW_NAMES:
            self._sandbox.log.notice(
                Problem(
                    f"`requirements`: MLflow is not among them; {_MLFLOW} is added.",
                    f"An agent that is loaded by MLflow needs it: add `{_MLFLOW}`.",
                )
            )
            resolved = self._resolve(
                Requirements(requirements.files, (*requirements.lines, _MLFLOW))
            )
            lock = self._lock(resolved)
        self._sandbox.log.line(f"{len(lock.pins)} packages:")
        self._sandbox.log.foreign("\n".join(lock.options + tuple(_wrapped(lock.pins))))
        return Environment(self._make(resolved), lock)

    def _resolve(self, requirements: Requirements) -> str:
        """Requirements in uv's format, every transitive one pinned for this interpreter."""
        folder = self._sandbox.give(self._sandbox.folder / "requirements")
        files = [
            self._export(path, folder / f"uv-lock-{number}.txt") if path.name == "uv.lock" else path
            for number, path in enumerate(requirements.files)
        ]
        if requirements.lines:
            lines = folder / "requirements-input.txt"
            lines.write_text("".join(f"{line}\n" for line in requirements.lines), encoding="utf-8")
            files.append(lines)
        resolved = folder / "resolved.txt"
        self._run(
            "resolving the requirements",
            "pip",
            "compile",
            *files,
            f"--python={_python()}",
            f"--output-file={resolved}",
            *("--quiet", "--no-header", "--no-annotate", "--emit-index-url", "--emit-find-links"),
            # A setting of the checkout could ask for them; MLflow takes one line a requirement.
            "--no-generate-hashes",
        )
        return resolved.read_text(encoding="utf-8")

    def _export(self, lock: Path, exported: Path) -> Path:
        self._run(
            "reading uv.lock",
            "export",
            f"--project={lock.parent}",
            f"--output-file={exported}",
            *("--frozen", "--quiet", "--no-header", "--no-annotate"),
            *("--no-dev", "--no-emit-project", "--no-hashes"),
        )
        return exported

    def _lock(self, resolved: str) -> Lock:
        """Keep what the requirements say, and nothing of the machine: see `_kept_option`."""
        lines = [line.strip() for line in resolved.splitlines() if line.strip()]
        options = [option for line in lines if (option := self._kept_option(line))]
        pins = [line for line in lines if not line.startswith(("-", "#"))]
        return Lock(tuple(options), tuple(pins))

    def _kept_option(self, line: str) -> str:
        """An index option without its credentials; empty for PyPI and for the environment's own."""
        if not line.startswith("--"):
            return ""
        name, _, value = line.partition(" ")
        url = _without_credentials(value)
        if url in self._sent or (name, url) == ("--index-url", _PYPI):
            return ""
        return f"{name} {url}"

    def _make(self, resolved: str) -> Path:
        """Make the environment, once for each set of pins: its folder is named after them."""
        key = hashlib.sha256(f"{sys.version}\n{resolved}".encode()).hexdigest()[:24]
        folder = self._sandbox.give(self._cache / "environments") / key
        python = folder / "bin" / "python"
        complete = folder / "complete"
        with _locked(folder.with_suffix(".lock")):
            if complete.is_file():
                self._sandbox.log.line("The environment is there already: it is used as it is.")
                return python
            if folder.exists():
                shutil.rmtree(folder)
            self._run("making the environment", "venv", "--quiet", f"--python={_python()}", folder)
            self._run(
                "installing the requirements",
                *("pip", "install", "--no-deps", "--quiet", f"--python={python}"),
                *(["--compile-bytecode"] if self._kept else []),
                f"--requirements={self._sandbox.folder / 'requirements' / 'resolved.txt'}",
                # MLflow writes its version into conda.yaml, and conda environments have it too.
                "pip",
            )
            complete.touch()
        return python

    def _run(self, doing: str, *arguments: str | Path) -> None:
        argv = [find_uv_bin(), *map(str, arguments)]
        status, printed = self._sandbox.run(argv, doing=doing, cwd=self._cwd, environ=self._environ)
        if status == 0:
            if printed:
                self._sandbox.log.foreign(printed)
            return
        raise EnvironmentFailure(
            Problem(
                f"`requirements`: {doing} failed.",
                "uv's explanation is below. Change the requirements so that they resolve, or name"
                " other ones with `requirements`.",
                detail=printed.strip() or f"uv exited with status {status}",
            )
        )


def _python() -> Path:
    """The interpreter from which environments are made: the one under our own environment."""
    return Path(sys.executable).resolve()


def _wrapped(pins: Sequence[str]) -> list[str]:
    return textwrap.wrap(", ".join(pins), 100, break_long_words=False, break_on_hyphens=False)


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep another job with the same cache out while the environment is made."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
