"""Requirements that have grown newer than the agent: what to pin when an import fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from entrypoint.agent.environment.requirement_lines import RequirementLine, name_of
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.inputs.workspace import Workspace


@dataclass(frozen=True)
class OldRequirements:
    """Finds which requirements brought a package, and what it was when the agent was written.

    `written`: the day of the agent's last commit, as in `2026-01-31`; empty where it isn't known.
    `newest_on`: the newest version of a package on a day, None where no index tells.
    """

    requirements: Requirements
    workspace: Workspace
    written: Callable[[], str]
    newest_on: Callable[[str, str], str | None]

    def fix(
        self, module: str, package: str, version: str, required_by: tuple[str, ...], importer: str
    ) -> str:
        """What to do where `package`, at `version`, has not the `module` (or the name in it).

        `importer`: who imports it, in a sentence.
        """
        has_lock = bool(self.requirements.locks)
        what = (
            f"`{package}` {version} is in the environment, and has no `{module}`: {importer} was"
            " written for another version of it."
        )
        lines = list(self._lines(canonicalize_name(package), required_by))
        if has_lock:
            return f"{what} `uv.lock` has this one: lock another.\n\n{self._pin(package, version)}"
        if lines:
            what += f" It comes with {', '.join(lines)}."
        return f"{what}\n\n{self._pin(package, version)}"

    def _lines(self, package: str, required_by: tuple[str, ...]) -> Iterator[str]:
        """The lines that bring the package, or what requires it, each with its place."""
        for line in self.requirements.read:
            if line.name == package or line.name in required_by:
                file = line.file
                shown = self.workspace.relative(file) if self.workspace.holds(file) else file.name
                yield f"`{line.text}` ({shown}:{line.number}{_looseness(line)})"
        for text in self.requirements.lines:
            name = name_of(text)
            if name == package or name in required_by:
                yield f"`{text}` (the input `requirements`)"

    def _pin(self, package: str, version: str) -> str:
        day = self.written()
        newest = self.newest_on(package, day) if day else None
        if newest and newest != version:
            return (
                f"Pin the version that was the newest on {day}, when the agent's file was committed"
                f" last:\n\n    {package}=={newest}"
            )
        return f"Pin an older version, for example\n\n    {package}{_older(version)}"


def _looseness(line: RequirementLine) -> str:
    return "" if "==" in line.text or "@" in line.text else ", which takes any version"


def _older(version: str) -> str:
    """The versions before the last that may have broken something."""
    try:
        known = Version(version)
    except InvalidVersion:
        return f"<{version}"
    return f"<{known.major}" if known.major else f"<{known.major}.{known.minor}"
