"""The agent's own Python environment: resolved once by uv, made, and recorded as it is."""

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from entrypoint.agent.environment import interpreter as interpreters
from entrypoint.agent.environment.credentials import Credentials, without_credentials
from entrypoint.agent.environment.explanation import Explanation
from entrypoint.agent.environment.interpreter import Wanted
from entrypoint.agent.environment.local_packages import LocalPackages, copy_of
from entrypoint.agent.environment.lock import Lock, Resolution
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.agent.environment.resolver import Resolver
from entrypoint.agent.environment.uv_program import UvProgram
from entrypoint.agent.environment.virtual_environment import VirtualEnvironment
from entrypoint.agent.sandbox import Sandbox
from entrypoint.errors import EnvironmentFailure, Problem

# The only MLflow that publishing is tested with, and what an agent gets that asks for none.
_MLFLOW = "mlflow==3.17.2"
_MLFLOW_NAMES = {"mlflow", "mlflow-skinny"}
# Before it, MLflow imports setuptools' `pkg_resources`, which newer setuptools no longer have.
_WITHOUT_PKG_RESOURCES = Version("2.16")
_OLDEST_MLFLOW = Version("2.13.1")
_INDEX_VARIABLES = (
    "UV_INDEX",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
)


@dataclass(frozen=True)
class Environment:
    """An environment that is there: its interpreter and what is in it.

    `code` is what isn't in it: the checkout's own packages, as files and folders that travel with
    the model. All of them are in one folder.
    """

    python: Path
    python_version: str
    lock: Lock
    code: tuple[Path, ...] = ()


class Uv:
    """Makes environments with uv, and keeps them in the cache."""

    def __init__(
        self, sandbox: Sandbox, cache: Path | None, cwd: Path, environ: Mapping[str, str]
    ) -> None:
        """Work on the checkout `cwd`; keep what is made in `cache`, else only for this job."""
        self._sandbox = sandbox
        self._checkout = cwd
        self._cache = cache or sandbox.folder / "cache"
        for name in ("uv", "python", "environments"):
            (self._cache / name).mkdir(parents=True, exist_ok=True)
        # At once: it holds tens of thousands of files, and each is looked at.
        sandbox.give(self._cache)
        self._environments = self._cache / "environments"
        # Requirement files may expand pip's variables.
        self._given = {
            name: value for name, value in environ.items() if name.startswith(("UV_", "PIP_"))
        }
        self._environ = {
            **self._given,
            "UV_CACHE_DIR": str(self._cache / "uv"),
            "UV_NO_PROGRESS": "1",
            # Else it wraps its explanations where the step's terminal would end.
            "COLUMNS": "10000",
            # Fetched when nothing else will do, and then by name.
            "UV_PYTHON_DOWNLOADS": "manual",
            "UV_PYTHON_INSTALL_DIR": str(self._cache / "python"),
        }
        self._sent = {
            without_credentials(url.partition("=")[2] if _has_name(url) else url)
            for name in _INDEX_VARIABLES
            for url in environ.get(name, "").split()
        }

    def environment(self, requirements: Requirements, wanted: Wanted | None = None) -> Environment:
        """Resolve the requirements and make the environment, or take the one that is there.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            TimedOut: the deadline passed.

        """
        folder = self._sandbox.give(self._sandbox.folder / "requirements")
        try:
            return self._environment(requirements, wanted, folder)
        finally:
            # They may hold an index's credentials, and the agent will run under the same account.
            shutil.rmtree(folder)

    def _environment(
        self, requirements: Requirements, wanted: Wanted | None, folder: Path
    ) -> Environment:
        root = self._checkout
        if requirements.name_local_packages:
            root = copy_of(self._checkout, self._sandbox.folder / "checkout", self._cache)
            self._sandbox.give(root)
        uv = self._program(requirements, root)
        interpreter = interpreters.find(uv, wanted)
        resolver = Resolver(uv, interpreter, folder, self._checkout, root)
        resolution = resolver.resolve(requirements)
        lock = resolution.lock(self._sent)
        added: list[str] = []
        while missing := _missing(lock):
            requirement, why = missing
            self._sandbox.log.notice(
                Problem(
                    f"`requirements`: `{requirement}` is added: {why}.",
                    "To choose its version, add it to the requirements.",
                )
            )
            added.append(requirement)
            resolution = resolver.resolve(requirements, *added)
            lock = resolution.lock(self._sent)
        _check_mlflow(lock)
        self._sandbox.log.line(f"{len(lock.pins)} packages:")
        self._sandbox.log.foreign("\n".join(lock.options + tuple(_wrapped(lock.pins))))
        local = resolver.local_packages(requirements, resolution)
        code = LocalPackages(uv, interpreter.path, root).pack(local)
        made = VirtualEnvironment(
            interpreter,
            lock,
            _installable(resolution, folder),
            resolver.hashes(requirements),
            resolver.cwd(requirements),
        )
        python = made.made(uv, self._environments)
        return Environment(python, interpreter.minor_version, lock, code)

    def _program(self, requirements: Requirements, root: Path) -> UvProgram:
        lines = requirements.read
        texts = [*requirements.lines, *(line.text for line in lines)]
        environ = {**self._sandbox.environ, **self._given}
        explanation = Explanation(
            lines,
            self._checkout,
            (root, self._sandbox.folder),
            Credentials.read(environ, texts),
        )
        return UvProgram(self._sandbox, self._environ, explanation)


def _installable(resolution: Resolution, folder: Path) -> Path:
    """What is installed: the pins without the local packages, and the indexes that have them."""
    indexes = (f"--extra-index-url {url}" for url in resolution.indexes)
    file = folder / "pins.txt"
    lines = (*resolution.options, *indexes, *resolution.remote)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def _missing(lock: Lock) -> tuple[str, str] | None:
    """A requirement that is left out and that loading the agent needs, with the reason."""
    if not lock.names & _MLFLOW_NAMES:
        return _MLFLOW, "MLflow, which loads the agent, is not among them"
    if not {"mlflow", "pandas"} & lock.names:
        return "pandas", "mlflow-skinny leaves it out, and can't load models without it"
    if lock.mlflow and lock.mlflow < _WITHOUT_PKG_RESOURCES and "setuptools" not in lock.names:
        return "setuptools<81", "this MLflow imports its `pkg_resources`, and does not say so"
    return None


def _check_mlflow(lock: Lock) -> None:
    """Refuse an MLflow that doesn't know models from code as Databricks' documentation has them."""
    if lock.mlflow and lock.mlflow < _OLDEST_MLFLOW:
        raise EnvironmentFailure(
            Problem(
                f"`requirements`: agents need MLflow {_OLDEST_MLFLOW} or newer, and an older one is"
                " locked.",
                f"Ask for a newer one:\n\n    {_MLFLOW}",
                detail="\n".join(pin for pin in lock.pins if pin.startswith("mlflow")),
            )
        )


def _has_name(url: str) -> bool:
    """Tell `private=https://host/simple`, uv's way of naming an index, from a mere URL."""
    name, _, rest = url.partition("=")
    return "://" in rest and "://" not in name


def _wrapped(pins: Sequence[str]) -> list[str]:
    return textwrap.wrap(", ".join(pins), 100, break_long_words=False, break_on_hyphens=False)
