"""uv as a program that runs in the sandbox: it starts build backends, which are foreign code."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from entrypoint.agent.environment.explanation import Explanation
from entrypoint.agent.sandbox import Sandbox
from entrypoint.errors import EnvironmentFailure


class UvFailed(Exception):
    """uv ended with another status than 0; `printed` is the end of what it said."""

    def __init__(self, printed: str) -> None:
        super().__init__(printed)
        self.printed = printed


@dataclass(frozen=True)
class UvProgram:
    """uv with its variables and its folders; what it says goes through `explanation`."""

    sandbox: Sandbox
    environ: Mapping[str, str]
    explanation: Explanation

    def try_to_run(self, doing: str, *arguments: str | Path, cwd: Path | None = None) -> str:
        """Run a command; what it printed.

        Raises:
            UvFailed: with what it printed.
            TimedOut: the deadline passed.

        """
        argv = [find_uv_bin(), "--color=never", *map(str, arguments)]
        folder = cwd or self.sandbox.folder
        status, printed = self.sandbox.run(argv, doing=doing, cwd=folder, environ=self.environ)
        if status:
            raise UvFailed(printed.strip() or f"uv exited with status {status}")
        return printed

    def run(
        self, doing: str, *arguments: str | Path, cwd: Path | None = None, show: bool = True
    ) -> None:
        """Run a command and show what it says (`--quiet` leaves warnings).

        Raises:
            EnvironmentFailure: with uv's own explanation.
            TimedOut: the deadline passed.

        """
        try:
            printed = self.try_to_run(doing, *arguments, cwd=cwd)
        except UvFailed as failed:
            folder = cwd or self.sandbox.folder
            problem = self.explanation.problem(doing, failed.printed, folder)
            raise EnvironmentFailure(problem) from None
        if show and printed.strip():
            self.sandbox.log.foreign(self.explanation.shown(printed))
