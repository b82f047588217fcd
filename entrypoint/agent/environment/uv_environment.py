"""The agent's own Python environment: resolved once by uv, made, and recorded as resolved."""

import re
import shutil
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from entrypoint.agent.environment import interpreter as interpreters
from entrypoint.agent.environment import mlflow_requirement, package_folder, uv_lock
from entrypoint.agent.environment.cache_folder import CacheFolder
from entrypoint.agent.environment.indexes import Indexes
from entrypoint.agent.environment.interpreter import Interpreter, PythonRequest
from entrypoint.agent.environment.local_packages import LocalPackages, copy_of
from entrypoint.agent.environment.lock import Lock
from entrypoint.agent.environment.pip_variables import PipVariables
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.agent.environment.resolver import Resolver
from entrypoint.agent.environment.uv import NeedsSource, UvFailed, UvProgram
from entrypoint.agent.environment.uv_errors import Explanation
from entrypoint.agent.environment.venv_cache import VenvCache, VirtualEnvironment
from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.runtime.accounts import agents_account
from entrypoint.runtime.redaction import Secrets

# Variables of the machine, not of the step, that uv needs to reach an index.
_OF_THE_MACHINE = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT")
# Not in the cache, for they run under our own account; and always at the same place in the
# container, for environments that are kept have the path of their interpreter in them.
_INTERPRETERS = Path("/var/tmp/log-agent-python")  # noqa: S108 - made before anything untrusted runs
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True)
class Environment:
    """An environment that has been made: its interpreter and what is installed.

    `code`: the checkout's own `packages`, which are not installed, as files and folders that travel
    with the model.
    """

    python: Path
    interpreter: Interpreter
    lock: Lock
    code: tuple[Path, ...] = ()
    packages: tuple[Path, ...] = ()

    @property
    def python_version(self) -> str:
        """As in `3.12`."""
        return self.interpreter.minor_version


class Uv:
    """Makes environments with uv, and keeps them in the cache."""

    def __init__(
        self,
        sandbox: Sandbox,
        cache: Path | None,
        checkout: Path,
        environ: Mapping[str, str],
        secrets: Secrets,
    ) -> None:
        """Work on the checkout; keep what is made in `cache`, or without one only for this job.

        `environ`: the step's variables. `secrets`: what is taken out of uv's explanations.

        Raises:
            EnvironmentFailure: a link in the cache leads out of it.

        """
        self._sandbox = sandbox
        self._checkout = checkout
        self._cache = CacheFolder(cache or sandbox.folder / "cache")
        self._cache.prepare()
        self._kept = VenvCache(self._cache, sandbox)
        self._pythons = _INTERPRETERS if agents_account() else self._cache.pythons / "installed"
        self._pythons.mkdir(exist_ok=True)
        # Closed to other accounts: credentials are in the one, and uv's own settings in the other.
        for name in ("requirements", "uv"):
            (sandbox.folder / name).mkdir(mode=0o700)
        self._indexes = Indexes.of(environ, checkout)
        self._environ = environ
        self._redact = secrets.redact

    def environment(
        self, requirements: Requirements, wanted: PythonRequest | None = None
    ) -> Environment:
        """Resolve the requirements and make the environment, or reuse the one in the cache.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            InputFailure: a variable in the requirements is not for a package index.
            TimedOut: the deadline passed.

        """
        log, folder = self._sandbox.log, self._sandbox.folder / "requirements"
        if warning := self._indexes.unused_warning:
            log.warning(warning)
        uv = self._program(requirements)
        interpreter = interpreters.find(uv, wanted)
        local = self._local_packages(uv, interpreter)
        try:
            resolver = Resolver(
                *(uv, interpreter, folder, folder, self._checkout, self._checkout),
                *(self._indexes, requirements),
                uv_lock.exported(uv, interpreter, requirements, folder),
            )
            return self._from_wheels(resolver, local)
        except NeedsSource as needed:
            log.notice(uv.explanation.built_from_source(str(needed)))
        finally:
            shutil.rmtree(folder)
        return self._from_source(resolver, local)

    def newest_on(self, package: str, day: str, python: Path) -> str | None:
        """The newest version that a package had on a day, `2026-01-31`; None where nobody tells."""
        folder = self._sandbox.folder / "newest"
        folder.mkdir(exist_ok=True)
        wanted = folder / "package.txt"
        wanted.write_text(package, encoding="utf-8")
        uv = self._program(Requirements())
        try:
            printed = uv.try_to_run(
                f"looking for an older `{package}`",
                *("pip", "compile", *uv.options, "--no-deps", f"--exclude-newer={day}"),
                *(f"--python={python}", "--quiet", "--no-header", "--no-annotate"),
                wanted,
                cwd=self._checkout,
            )
        except UvFailed:
            return None
        return found[1] if (found := re.search(r"==(\S+)", printed)) else None

    def keep_bytecode(self, environment: Environment, modules: Iterable[str]) -> None:
        """Compile what an agent's process has imported, if the environment is kept."""
        self._kept.compile(environment.python, environment.interpreter.path, modules)

    def _from_wheels(self, resolver: Resolver, local: LocalPackages) -> Environment:
        """Make it from wheels alone, those of the checkout's own packages among them."""
        try:
            return self._make(resolver, local, self._kept.reuse_or_make)
        except NeedsSource:
            # Of packages of the checkout, uv may only have wanted to know what they require.
            wheels = {path: local.built(path) for path in resolver.buildable}
            if not wheels:
                raise
            return self._make(replace(resolver, wheels=wheels), local, self._kept.reuse_or_make)

    def _from_source(self, resolver: Resolver, local: LocalPackages) -> Environment:
        """Make it where building does no harm: for this job alone, and without credentials."""
        sandbox = self._sandbox
        folder = sandbox.folder / "sources"
        folder.mkdir()
        shared = sandbox.share("from-source")
        environ = {**self._settings, "UV_CACHE_DIR": str(shared / "packages")}
        uv = replace(resolver.uv, environ=environ, builds=True)
        resolver = replace(
            resolver, uv=uv, folder=folder, output=shared, root=self._copy, wheels={}
        )
        return self._make(
            resolver, local, lambda environment, uv: environment.make(uv, shared / "environment")
        )

    def _make(
        self,
        resolver: Resolver,
        local: LocalPackages,
        make: Callable[[VirtualEnvironment, UvProgram], Path],
    ) -> Environment:
        log = self._sandbox.log
        # Indexes that the requirements name are recorded, though the step names them too.
        sent = self._indexes.sent - resolver.requirements.indexes
        resolution, lock = mlflow_requirement.resolved(resolver, sent, log)
        log.line(f"{len(lock.pins)} packages:")
        pins = textwrap.fill(
            ", ".join(lock.pins), 100, break_long_words=False, break_on_hyphens=False
        )
        log.untrusted("\n".join((*lock.options, pins)))
        changeable = resolver.changeable(resolution)
        if changeable:
            log.notice(package_folder.not_on_serving(changeable, resolver.root))
        environment = VirtualEnvironment(
            local.interpreter,
            lock,
            resolver.install_list(resolution),
            resolver.hashes(),
            changeable,
        )
        packages = tuple(resolver.local_packages(resolution))
        code = local.pack(packages)
        python = make(environment, resolver.uv)
        if warning := resolver.uv.explanation.unread.warning:
            log.warning(warning)
        return Environment(python, local.interpreter, lock, code, packages)

    def _local_packages(self, uv: UvProgram, interpreter: Interpreter) -> LocalPackages:
        builds = self._sandbox.share("builds")
        environ = {**self._settings, "UV_CACHE_DIR": str(builds)}
        building = replace(uv, environ=environ, builds=True)
        return LocalPackages(building, interpreter, self._checkout, lambda: self._copy)

    @cached_property
    def _copy(self) -> Path:
        """The checkout, where build backends may write."""
        target = self._sandbox.folder / "checkout"
        copy_of(self._checkout, target, self._cache.folder)
        self._sandbox.share_all(target)
        return target

    def _program(self, requirements: Requirements) -> UvProgram:
        """Uv with wheels alone: under our own account, with the cache that is kept."""
        folder = self._sandbox.folder
        environ = {
            **{
                name: value
                for name, value in self._environ.items()
                if name in _OF_THE_MACHINE or name.lower() in _PROXIES
            },
            **self._settings,
            # Not the folders into which untrusted programs write: uv reads settings in its home.
            "HOME": str(folder / "uv"),
            "TMPDIR": str(folder / "uv"),
            "UV_CACHE_DIR": str(self._cache.packages),
        }
        roots = (folder / "checkout", folder)
        texts = (*requirements.lines, *(line.text for line in requirements.read))
        unread = PipVariables.of(self._environ, texts)
        explanation = Explanation(requirements.read, self._checkout, roots, self._redact, unread)
        return UvProgram(self._sandbox, environ, explanation, builds=False)

    @property
    def _settings(self) -> dict[str, str]:
        return {
            **self._indexes.environ,
            "UV_NO_PROGRESS": "1",
            # Else it wraps its explanations where the step's terminal would end.
            "COLUMNS": "10000",
            # Fetched only by `uv python install`, when no installed one will do.
            "UV_PYTHON_DOWNLOADS": "manual",
            "UV_PYTHON_CACHE_DIR": str(self._cache.pythons),
            "UV_PYTHON_INSTALL_DIR": str(self._pythons),
            # Both would let uv run other programs: a new environment's Python, with all that was
            # just installed, and whatever is called `keyring`.
            "UV_COMPILE_BYTECODE": "0",
            "UV_KEYRING_PROVIDER": "disabled",
        }
