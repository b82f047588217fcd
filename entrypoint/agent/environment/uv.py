"""uv as a program, in one of two ways: with wheels alone, or building from source.

A build backend is untrusted code. With wheels alone uv runs no code but its own, so that it can be
trusted with the cache that is kept and with the package indexes' credentials. To build, it is run
like the agent: under the agent's account, with folders that are removed with the job, and without
credentials.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from entrypoint.agent.environment.uv_errors import Explanation
from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.runtime.errors import EnvironmentFailure

# "Building source distributions for `x` is disabled", "building from source is disabled".
_WOULD_BUILD = re.compile(
    r"building (?:from source|source distributions)\b.* is disabled", re.IGNORECASE
)


class UvFailed(Exception):
    """uv ended with another status than 0; as text, the end of what it printed."""


class NeedsSource(Exception):
    """Something is needed that has no wheel; as text, what uv printed."""


@dataclass(frozen=True)
class UvProgram:
    """uv with its variables; `explanation` turns what it prints into problems."""

    sandbox: Sandbox
    environ: Mapping[str, str]
    explanation: Explanation
    builds: bool

    @property
    def options(self) -> list[str]:
        """Options for commands that may build something."""
        return [] if self.builds else ["--no-build"]

    def try_to_run(self, doing: str, *arguments: str | Path, cwd: Path | None = None) -> str:
        """Run a command; what it printed.

        Raises:
            UvFailed: with what it printed.
            TimedOut: the deadline passed.

        """
        argv = [find_uv_bin(), "--color=never", *map(str, arguments)]
        status, printed = self.sandbox.run(
            argv,
            doing=doing,
            cwd=cwd or self.sandbox.folder,
            environ=self.environ,
            untrusted=self.builds,
        )
        if status:
            raise UvFailed(printed.strip() or f"uv exited with status {status}")
        return printed

    def run(
        self, doing: str, *arguments: str | Path, cwd: Path | None = None, show: bool = True
    ) -> None:
        """Run a command and show what it prints (with `--quiet`: warnings).

        Raises:
            EnvironmentFailure: with uv's own explanation.
            NeedsSource: something has to be built, and `builds` is false.
            TimedOut: the deadline passed.

        """
        try:
            printed = self.try_to_run(doing, *arguments, cwd=cwd)
        except UvFailed as failed:
            if not self.builds and _WOULD_BUILD.search(str(failed)):
                raise NeedsSource(str(failed)) from None
            folder = cwd or self.sandbox.folder
            problem = self.explanation.problem(doing, str(failed), folder)
            raise EnvironmentFailure(problem) from None
        if show and printed.strip():
            self.sandbox.log.untrusted(self.explanation.shown(printed))
