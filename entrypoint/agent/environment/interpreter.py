"""The Python with which the agent's environment is made."""

import json
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from entrypoint.agent.environment.requirement_text import decoded
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.agent.environment.toml_file import parse, part, text_of
from entrypoint.agent.environment.uv import UvFailed, UvProgram
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import EnvironmentFailure, InputFailure, Place, Problem
from entrypoint.runtime.untrusted_file import Bound

_VERSION_FILE = Bound(10_000, "Write the version alone.")
_MINOR = re.compile(r"3\.(\d+)(?:\.\d+)?")
# That a specifier may ask for: `>=3.14`.
_MINORS_AHEAD = 10
# With the path, so that an environment which was made with another interpreter is never reused.
_IDENTIFY = (
    "import os, sys, sysconfig;"
    "print(sys.implementation.name, sys.version, sysconfig.get_platform(),"
    " os.path.realpath(sys.executable))"
)


@dataclass(frozen=True)
class PythonRequest:
    """The Python version to use, as uv takes it, and the input or file that requires it."""

    version: str
    origin: str
    place: Place | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the image's own interpreter will do."""
        own = platform.python_version()
        if own == self.version or own.startswith(f"{self.version}."):
            return True
        try:
            return SpecifierSet(self.version).contains(own, prereleases=True)
        except InvalidSpecifier:
            return False

    @property
    def may_be_newer(self) -> bool:
        """Whether it may be newer than the image's own, which then can't judge its syntax."""
        if self.is_ours:
            return False
        if version := _MINOR.fullmatch(self.version):
            return int(version[1]) > sys.version_info.minor
        try:
            wanted = SpecifierSet(self.version)
        except InvalidSpecifier:
            return True
        newer = range(sys.version_info.minor + 1, sys.version_info.minor + _MINORS_AHEAD)
        return any(wanted.contains(f"3.{minor}", prereleases=True) for minor in newer)


@dataclass(frozen=True)
class Interpreter:
    """An installed interpreter; `identity` changes with its version and its path."""

    path: Path
    identity: str

    @property
    def minor_version(self) -> str:
        """As in `3.12`."""
        return ".".join(self.identity.split()[1].split(".")[:2])


def wanted(
    given: str | None, agent: Path, requirements: Requirements, workspace: Workspace
) -> PythonRequest | None:
    """The Python that the input, else `.python-version`, else the project requires.

    Raises:
        InputFailure: one of the files can't be read.

    """
    if given:
        return PythonRequest(given.strip(), "`python-version`")
    for folder in agent.parents:
        if not workspace.holds(folder):
            break
        if (folder / ".python-version").is_file() and (
            found := _of_version_file(folder / ".python-version", workspace)
        ):
            return found
    for path in requirements.files:
        if path.suffix in (".lock", ".toml") and (wanted := _required(path, workspace)):
            return wanted
    return None


def _of_version_file(file: Path, workspace: Workspace) -> PythonRequest | None:
    """The first version that a `.python-version` names."""
    shown = workspace.relative(file)
    try:
        text = decoded(workspace.read(workspace.file(shown), _VERSION_FILE))
    except ValueError as error:
        raise InputFailure(Problem(f"`python-version`: {error}", place=Place(shown))) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if version := line.partition("#")[0].strip():
            return PythonRequest(version, f"`{shown}`", Place(shown, number))
    return None


def _required(path: Path, workspace: Workspace) -> PythonRequest | None:
    """The `requires-python` of a project, or of a lock, which has one for all of its members."""
    shown = workspace.relative(path)
    text = text_of(path, shown)
    content = parse(text)
    version = part(content, "requires-python") or part(content, "project", "requires-python")
    if not version or not isinstance(version, str):
        return None  # uv explains what is wrong with it
    number = text.count("\n", 0, max(text.find("requires-python"), 0)) + 1
    return PythonRequest(version, f"`requires-python` in `{shown}`", Place(shown, number))


def find(uv: UvProgram, wanted: PythonRequest | None) -> Interpreter:
    """Find the interpreter, or fetch it.

    Raises:
        EnvironmentFailure: uv can't fetch it, or it does not run.
        TimedOut: the deadline passed.

    """
    # The base interpreter, not the link to it in our virtual environment.
    path = Path(sys.executable).resolve()
    if wanted and not wanted.is_ours:
        path = _found(uv, wanted.version) or _fetched(uv, wanted)
        uv.sandbox.log.line(f"{wanted.origin} asks for Python {wanted.version}: {path}")
    argv = [str(path), "-IBc", _IDENTIFY]
    status, identity = uv.sandbox.run(
        argv, doing="asking Python", cwd=uv.sandbox.folder, environ={}
    )
    if status:
        raise EnvironmentFailure(
            Problem(f"`python-version`: {path} does not run.", detail=identity[-1000:])
        )
    return Interpreter(path, identity.strip())


def _found(uv: UvProgram, version: str) -> Path | None:
    # uv would take `-x` for an option, and a path for any program of this machine.
    if version.startswith("-") or "/" in version:
        return None
    options = ("--no-project", "--system")
    try:
        printed = uv.try_to_run("finding Python", "python", "find", *options, version)
    except UvFailed:
        return None
    # Warnings (about interpreters that don't run) come first.
    return Path(printed.strip().splitlines()[-1])


def _fetched(uv: UvProgram, wanted: PythonRequest) -> Path:
    printed = "not a version"
    if not re.match(r"[-/.]", wanted.version):
        try:
            options = ("--no-bin", "--quiet")
            uv.try_to_run("fetching Python", "python", "install", *options, wanted.version)
        except UvFailed as failed:
            printed = str(failed)
        if path := _found(uv, wanted.version):
            return path
    raise EnvironmentFailure(
        Problem(
            f"{wanted.origin}: Python `{wanted.version}` is not there and can't be fetched.",
            f"Ask for one that can be had: {_choice(uv)}. For example:\n\n"
            f"    with:\n      python-version: '{sys.version_info[0]}.{sys.version_info[1]}'",
            wanted.place,
            uv.explanation.shown(printed)[-1000:],
        )
    )


def _choice(uv: UvProgram) -> str:
    """The minor versions that are installed, and those that uv knows where to fetch."""
    installed = {(sys.version_info[0], sys.version_info[1])}
    fetched: set[tuple[int, int]] = set()
    try:
        listed = uv.try_to_run("listing Pythons", *("python", "list", "--output-format=json"))
        entries = json.loads(listed[listed.index("[{") : listed.rindex("}]") + 2])
    except (UvFailed, ValueError):
        entries = []
    for entry in entries:
        if entry["implementation"] == "cpython" and entry["variant"] == "default":
            minor = (entry["version_parts"]["major"], entry["version_parts"]["minor"])
            (installed if entry["path"] else fetched).add(minor)
    here, there = (
        ", ".join(f"{major}.{minor}" for major, minor in sorted(minors))
        for minors in (installed, fetched - installed)
    )
    return f"{here} (installed)" + (f", {there} (fetched by uv)" if there else "")
