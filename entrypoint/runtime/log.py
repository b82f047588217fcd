"""What the program says while it works."""

import io
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal, TextIO

from entrypoint.runtime.errors import Problem
from entrypoint.runtime.redaction import Secrets

Level = Literal["notice", "warning", "error"]


@dataclass(frozen=True)
class Note:
    """Something that was pointed out on the way."""

    level: Level
    problem: Problem


def printable(text: str) -> str:
    """The text with what UTF-8 has no bytes for (half of a pair, from JSON) spelt out."""
    return text.encode(errors="backslashreplace").decode()


class Log(ABC):
    """The log of a job: in a terminal, or of a step on GitHub."""

    def __init__(self, stream: TextIO = sys.stdout, secrets: Secrets | None = None) -> None:
        """Print to `stream`, without the values of `secrets`."""
        self.notes: list[Note] = []
        self._stream = stream
        self._secrets = secrets or Secrets()

    @abstractmethod
    def group(self, title: str) -> None:
        """Begin a group of lines."""

    @abstractmethod
    def end_group(self) -> None:
        """End the group that was begun last."""

    @abstractmethod
    def line(self, text: str) -> None:
        """Say something in our own words."""

    @abstractmethod
    def untrusted(self, text: str) -> None:
        """Show text that isn't ours: never obeyed as workflow commands."""

    @abstractmethod
    def mask(self, secret: str) -> None:
        """Hide a value wherever this log is shown, unless it is too short to be a secret."""

    def notice(self, problem: Problem) -> None:
        """Point out something that needn't be mended."""
        self._note("notice", problem)

    def warning(self, problem: Problem) -> None:
        """Point out something that should be mended."""
        self._note("warning", problem)

    def error(self, problem: Problem) -> None:
        """Say why the job failed."""
        self._note("error", problem)

    @abstractmethod
    def finish(self) -> None:
        """Print what was kept for the end."""

    @abstractmethod
    def _tell(self, level: Level, problem: Problem) -> None:
        """Point something out."""

    def _note(self, level: Level, problem: Problem) -> None:
        note = Note(level, problem)
        if note not in self.notes:
            self.notes.append(note)
            self._tell(level, problem)

    def _print(self, text: str) -> None:
        """Print text that may be shown.

        A log that can't be written (a closed pipe, a full disk) doesn't end the job: outputs and
        summary may still be read.
        """
        with suppress(OSError):
            print(text, file=self._stream, flush=True)

    def _shown(self, text: str) -> str:
        """The text as it may be shown.

        Before anything is done to it: in a text that is indented or escaped no secret is found.
        """
        return self._secrets.redact(printable(text))


class PlainLog(Log):
    """A readable log for a terminal."""

    def group(self, title: str) -> None:
        self._print(f"\n== {self._shown(title)}")

    def end_group(self) -> None:
        pass

    def line(self, text: str) -> None:
        self._print(self._shown(text))

    def untrusted(self, text: str) -> None:
        self._print("\n".join(f"  | {line}" for line in self._shown(text).splitlines()))

    def mask(self, secret: str) -> None:
        pass

    def finish(self) -> None:
        pass

    def _tell(self, level: Level, problem: Problem) -> None:
        place = f"{problem.place}: " if problem.place else ""
        self._print(self._shown(f"{level}: {place}{problem.what}"))
        if problem.fix:
            fix = self._shown(problem.fix)
            self._print("\n".join(f"    {line}" for line in fix.splitlines()))
        if problem.detail:
            self.untrusted(problem.detail)


class LogStream(io.TextIOBase):
    """A stream for libraries that print: whole lines go to the log, as untrusted text."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._line = ""

    def write(self, text: str) -> int:
        lines, newline, self._line = (self._line + text).rpartition("\n")
        if newline and lines.strip():
            self._log.untrusted(lines)
        return len(text)


@contextmanager
def grouped(log: Log, title: str) -> Iterator[None]:
    """A group of lines, ended whatever happens in it."""
    log.group(title)
    try:
        yield
    finally:
        log.end_group()
