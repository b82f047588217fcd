"""MLflow among the requirements: what loading an agent needs, and what leaves it out again."""

import re
from collections.abc import Iterable

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from entrypoint.agent.environment import toml_file, uv_settings
from entrypoint.agent.environment.lock import Lock, Resolution
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.agent.environment.resolver import Resolver
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import EnvironmentFailure, Place, Problem
from entrypoint.runtime.log import Log

# Added for an agent that requires no MLflow: the version with which publishing is tested.
_MLFLOW = "mlflow==3.17.2"
_MLFLOW_NAMES = {"mlflow", "mlflow-skinny"}
_PIN = re.compile(
    r"mlflow(?:[-_]skinny)?(?:\[[^]]*\])?\s*={2,3}\s*(?P<version>[\w.]+)\s*(?:[;#\\]|$)"
)
# Before it, MLflow imports setuptools' `pkg_resources`, which newer setuptools no longer have.
_WITHOUT_PKG_RESOURCES = Version("2.16")
_OLDEST_MLFLOW = Version("2.13.1")


def pinned(requirements: Requirements) -> Version | None:
    """The MLflow that the requirements name by its exact version, before they are resolved."""
    for file in requirements.locks:
        for package in toml_file.tables(toml_file.read(file, file.name), "package"):
            if package.get("name") in _MLFLOW_NAMES:
                return _version(str(package.get("version")))
    texts = (*requirements.lines, *(line.text for line in requirements.read))
    pins = (_PIN.match(text) for text in texts)
    return next((_version(pin["version"]) for pin in pins if pin), None)


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def resolved(resolver: Resolver, sent: Iterable[str], log: Log) -> tuple[Resolution, Lock]:
    """Resolve the requirements, and with them what loading an agent needs; `sent` as for `lock`.

    Raises:
        EnvironmentFailure: uv can't resolve them or leaves MLflow out, or it is too old.
        NeedsSource: one has no wheel, and uv doesn't build.
        TimedOut: the deadline passed.

    """
    added: list[str] = []
    while True:
        resolution = resolver.resolve(*added)
        lock = resolution.lock(sent)
        if not (missing := _missing(lock)):
            _check_version(lock)
            return resolution, lock
        requirement, why = missing
        if requirement in added:
            raise EnvironmentFailure(_left_out(requirement, why, resolver))
        log.notice(
            Problem(
                f"`requirements`: `{requirement}` is added: {why}.",
                "To choose its version, add it to the requirements.",
            )
        )
        added.append(requirement)


def _missing(lock: Lock) -> tuple[str, str] | None:
    """A requirement that is left out and that loading the agent needs, with the reason."""
    if not lock.names & _MLFLOW_NAMES:
        return _MLFLOW, "MLflow, which loads the agent, is not among them"
    if not {"mlflow", "pandas"} & lock.names:
        return "pandas", "mlflow-skinny leaves it out, and can't load models without it"
    if lock.mlflow and lock.mlflow < _WITHOUT_PKG_RESOURCES and "setuptools" not in lock.names:
        return "setuptools<81", "this MLflow imports its `pkg_resources`, and does not say so"
    return None


def _check_version(lock: Lock) -> None:
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


def _left_out(requirement: str, why: str, resolver: Resolver) -> Problem:
    """Say which of uv's settings takes out again what was added for the reason `why`."""
    workspace = Workspace(resolver.checkout)
    name = canonicalize_name(Requirement(requirement).name)
    what = f"`requirements`: `{requirement}` was added ({why}), and "
    for settings in uv_settings.found(resolver.cwd, workspace):
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
