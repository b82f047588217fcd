"""The agent's own Python environment: resolved once by uv, made, and recorded as it is."""

import shutil
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from entrypoint.agent.environment import interpreter as interpreters
from entrypoint.agent.environment import uv_settings
from entrypoint.agent.environment.cache_folder import CacheFolder
from entrypoint.agent.environment.index_credentials import Credentials
from entrypoint.agent.environment.indexes import Indexes
from entrypoint.agent.environment.interpreter import Interpreter, PythonRequest
from entrypoint.agent.environment.local_packages import LocalPackages, copy_of
from entrypoint.agent.environment.lock import Lock, Resolution
from entrypoint.agent.environment.package_folder import FoundPackage
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.agent.environment.resolver import Resolver
from entrypoint.agent.environment.uv import NeedsSource, UvProgram
from entrypoint.agent.environment.uv_errors import Explanation
from entrypoint.agent.environment.venv_cache import VenvCache, VirtualEnvironment
from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.accounts import agents_account
from entrypoint.runtime.errors import EnvironmentFailure, Place, Problem

# The only MLflow that publishing is tested with, and what an agent gets that asks for none.
_MLFLOW = "mlflow==3.17.2"
_MLFLOW_NAMES = {"mlflow", "mlflow-skinny"}
# Before it, MLflow imports setuptools' `pkg_resources`, which newer setuptools no longer have.
_WITHOUT_PKG_RESOURCES = Version("2.16")
_OLDEST_MLFLOW = Version("2.13.1")
# Of the machine and not of the step: what uv needs to reach an index.
_OF_THE_MACHINE = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT")
# Not in the cache, for they run as ourselves; and in the container always at the same place, for
# environments that are kept have their path.
_INTERPRETERS = Path("/var/tmp/log-agent-python")  # noqa: S108 - made before anything foreign runs
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True)
class Environment:
    """An environment that is there: its interpreter and what is in it.

    `code` is what isn't in it: the checkout's own packages, as files and folders that travel with
    the model. All of them are in one folder.
    """

    python: Path
    interpreter: Interpreter
    lock: Lock
    code: tuple[Path, ...] = ()

    @property
    def python_version(self) -> str:
        """As in `3.12`."""
        return self.interpreter.minor_version


class Uv:
    """Makes environments with uv, and keeps them in the cache."""

    def __init__(
        self, sandbox: Sandbox, cache: Path | None, cwd: Path, environ: Mapping[str, str]
    ) -> None:
        """Work on the checkout `cwd`; keep what is made in `cache`, else only for this job.

        Raises:
            EnvironmentFailure: the cache leads elsewhere.

        """
        self._sandbox = sandbox
        self._checkout = cwd
        self._cache = CacheFolder(cache or sandbox.folder / "cache")
        self._cache.prepare()
        self._kept = VenvCache(self._cache, sandbox)
        self._pythons = _INTERPRETERS if agents_account() else self._cache.pythons / "installed"
        self._pythons.mkdir(exist_ok=True)
        # Other accounts look into neither: credentials are in them, and what uv reads as its own.
        for name in ("requirements", "uv"):
            (sandbox.folder / name).mkdir(mode=0o700)
        self._indexes = Indexes.of(environ, cwd)
        self._environ = environ

    def environment(
        self, requirements: Requirements, wanted: PythonRequest | None = None
    ) -> Environment:
        """Resolve the requirements and make the environment, or take the one that is there.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            InputFailure: a variable in the requirements is not for a package index.
            TimedOut: the deadline passed.

        """
        log, folder = self._sandbox.log, self._sandbox.folder / "requirements"
        if unused := self._indexes.unused:
            log.warning(_goes_nowhere(unused))
        uv = self._program(requirements)
        interpreter = interpreters.find(uv, wanted)
        local = self._local_packages(uv, interpreter)
        try:
            resolver = self._resolver(uv, requirements, interpreter, folder)
            try:
                return self._made(resolver, local, self._kept.made)
            except NeedsSource:
                # Of packages of the checkout, uv may only have wanted to know what they require.
                wheels = {path: local.built(path) for path in resolver.buildable}
                if not wheels:
                    raise
                return self._made(replace(resolver, wheels=wheels), local, self._kept.made)
        except NeedsSource as needed:
            log.notice(_built_from_source(uv.explanation.shown(needed.printed)))
        finally:
            shutil.rmtree(folder)
        return self._from_source(requirements, local)

    def keep_bytecode(self, environment: Environment, modules: Iterable[str]) -> None:
        """Compile what an agent's process has imported, if the environment is kept."""
        self._kept.compile(environment.python, environment.interpreter.path, modules)

    def _from_source(self, requirements: Requirements, local: LocalPackages) -> Environment:
        """Make it where building is no danger: for this job alone, and without credentials."""
        sandbox = self._sandbox
        folder = sandbox.folder / "sources"
        folder.mkdir()
        shared = sandbox.share("from-source")
        environ = {**self._settings, "UV_CACHE_DIR": str(shared / "packages")}
        uv = replace(self._program(requirements), environ=environ, builds=True)
        resolver = replace(
            self._resolver(uv, requirements, local.interpreter, folder),
            output=shared,
            root=self._copy,
        )

        def made(environment: VirtualEnvironment, uv: UvProgram) -> Path:
            return environment.make(uv, shared / "environment")

        return self._made(resolver, local, made)

    def _made(
        self,
        resolver: Resolver,
        local: LocalPackages,
        made: Callable[[VirtualEnvironment, UvProgram], Path],
    ) -> Environment:
        log = self._sandbox.log
        resolution, lock = self._resolved(resolver)
        _check_mlflow(lock)
        log.line(f"{len(lock.pins)} packages:")
        log.foreign("\n".join(lock.options + tuple(_wrapped(lock.pins))))
        changeable = resolver.changeable(resolution)
        if changeable:
            log.notice(_not_on_serving(changeable, resolver.root))
        environment = VirtualEnvironment(
            local.interpreter,
            lock,
            resolver.install_list(resolution),
            resolver.hashes(),
            changeable,
        )
        code = local.pack(resolver.local_packages(resolution))
        return Environment(made(environment, resolver.uv), local.interpreter, lock, code)

    def _resolved(self, resolver: Resolver) -> tuple[Resolution, Lock]:
        """The resolution, with what loading an agent needs."""
        # What the requirements name themselves is theirs, whatever the step says too.
        sent = self._indexes.sent - resolver.requirements.indexes
        resolution = resolver.resolve()
        lock = resolution.lock(sent)
        added: list[str] = []
        while missing := _missing(lock):
            requirement, why = missing
            if requirement in added:
                raise EnvironmentFailure(self._left_out(requirement, why, resolver.cwd))
            self._sandbox.log.notice(
                Problem(
                    f"`requirements`: `{requirement}` is added: {why}.",
                    "To choose its version, add it to the requirements.",
                )
            )
            added.append(requirement)
            resolution = resolver.resolve(*added)
            lock = resolution.lock(sent)
        return resolution, lock

    def _left_out(self, requirement: str, why: str, cwd: Path) -> Problem:
        """Say which of uv's settings takes out again what the agent can't do without."""
        name = canonicalize_name(Requirement(requirement).name)
        workspace = Workspace(self._checkout)
        what = f"`requirements`: `{requirement}` was added ({why}), and "
        for settings in uv_settings.found(cwd, workspace):
            if setting := settings.leaving_out(name):
                key, entry, line = setting
                shown = workspace.relative(settings.file)
                return Problem(
                    f"{what}`{key}` takes it out again.",
                    f"Delete this entry of `{key}` in `{shown}`:\n\n    {entry}",
                    Place(shown, line),
                )
        return Problem(
            f"{what}uv leaves it out again.",
            "Take out of uv's settings and variables what leaves it out, such as"
            " `override-dependencies` or `UV_OVERRIDE`.",
        )

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

    def _resolver(
        self, uv: UvProgram, requirements: Requirements, interpreter: Interpreter, folder: Path
    ) -> Resolver:
        checkout = self._checkout
        return Resolver(
            *(uv, interpreter, folder, folder, checkout, checkout), self._indexes, requirements
        )

    def _program(self, requirements: Requirements) -> UvProgram:
        """Uv with wheels alone: as ourselves, with the cache that is kept."""
        lines, sandbox = requirements.read, self._sandbox
        own = sandbox.folder / "uv"
        environ = {
            **{
                name: value
                for name, value in self._environ.items()
                if name in _OF_THE_MACHINE or name.lower() in _PROXIES
            },
            **self._settings,
            # Not the folders into which foreign programs write: uv has settings in its home.
            "HOME": str(own),
            "TMPDIR": str(own),
            "UV_CACHE_DIR": str(self._cache.packages),
        }
        texts = [*requirements.lines, *(line.text for line in lines)]
        explanation = Explanation(
            lines,
            self._checkout,
            (sandbox.folder / "checkout", sandbox.folder),
            Credentials.read(self._environ, texts),
        )
        return UvProgram(sandbox, environ, explanation, builds=False)

    @property
    def _settings(self) -> dict[str, str]:
        return {
            **self._indexes.environ,
            "UV_NO_PROGRESS": "1",
            # Else it wraps its explanations where the step's terminal would end.
            "COLUMNS": "10000",
            # Fetched when nothing else will do, and then by name.
            "UV_PYTHON_DOWNLOADS": "manual",
            "UV_PYTHON_CACHE_DIR": str(self._cache.pythons),
            "UV_PYTHON_INSTALL_DIR": str(self._pythons),
            # Both would let uv run other programs: a new environment's Python, with all that was
            # just installed, and whatever is called `keyring`.
            "UV_COMPILE_BYTECODE": "0",
            "UV_KEYRING_PROVIDER": "disabled",
        }


def _goes_nowhere(variables: Sequence[str]) -> Problem:
    name = variables[0].removeprefix("UV_INDEX_").rpartition("_")[0]
    return Problem(
        f"{_listed(variables)}: the step says no address for the index `{name.lower()}`, so this is"
        " sent nowhere. An address that only the checkout gives could be anybody's.",
        f"Give it in the step:\n\n    env:\n      UV_INDEX: {name.lower()}=https://<its address>",
    )


def _built_from_source(said: str) -> Problem:
    return Problem(
        "`requirements`: not everything comes as a wheel. What is built from source runs code of"
        " its own: the environment is made without the cache and without credentials for package"
        " indexes, and is not kept.",
        "Publish a wheel, and require that.",
        detail=said[-1000:],
    )


def _not_on_serving(found: Sequence[FoundPackage], root: Path) -> Problem:
    folder = found[0].index.relative_to(root)
    return Problem(
        f"`requirements`: {_listed([package.pin for package in found])}: found in `{folder}`, a"
        " folder of the checkout, which serving doesn't have. It looks for the pins in the package"
        " indexes.",
        "Publish it to an index. Or require the wheel by its path, and it travels with the model as"
        f" code:\n\n    with:\n      requirements: |\n        ./{folder}/<its name>.whl",
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


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


def _wrapped(pins: Sequence[str]) -> list[str]:
    return textwrap.wrap(", ".join(pins), 100, break_long_words=False, break_on_hyphens=False)
