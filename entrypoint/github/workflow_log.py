"""The log of a step on GitHub, with workflow commands.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import secrets
import sys
from collections import Counter
from threading import RLock
from typing import TextIO

from entrypoint.runtime.errors import Problem
from entrypoint.runtime.log import Level, Log
from entrypoint.runtime.redaction import Secrets, is_long_enough

# The runner keeps ten annotations of each level for a step (`_maxIssueCount` in actions/runner):
# one of ours is for all the rest, and one of the errors is its own, for a container that failed.
_ANNOTATIONS = 8


class WorkflowLog(Log):
    """A log that the runner folds and annotates."""

    def __init__(self, stream: TextIO = sys.stdout, secrets: Secrets | None = None) -> None:
        super().__init__(stream, secrets)
        # The thread of a signal's handler may be the one that holds it.
        self._lock = RLock()
        self._annotated: Counter[Level] = Counter()

    def group(self, title: str) -> None:
        self._print(f"::group::{_data(self._shown(title))}")

    def end_group(self) -> None:
        self._print("::endgroup::")

    def line(self, text: str) -> None:
        # Ours, but it may quote what is not: `::` begins a command, and the older `##[` does so
        # anywhere in a line.
        shown = self._shown(text)
        self._print(_fenced(shown) if "::" in shown or "##[" in shown else shown)

    def untrusted(self, text: str) -> None:
        self._print(_fenced(self._shown(text)))

    def mask(self, secret: str) -> None:
        # Of one character, the runner would hide the whole log.
        if is_long_enough(secret):
            self._print(f"::add-mask::{_data(secret)}")

    def finish(self) -> None:
        for level, number in self._annotated.items():
            if number > _ANNOTATIONS:
                notes = [note.problem for note in self.notes if note.level == level]
                rest = notes[_ANNOTATIONS:]
                more = f"{len(rest)} more {level}s:" if len(rest) > 1 else f"One more {level}:"
                self._annotate(level, Problem("\n".join((more, *map(_in_short, rest)))))

    def _tell(self, level: Level, problem: Problem) -> None:
        self._annotated[level] += 1
        if self._annotated[level] <= _ANNOTATIONS:
            self._annotate(level, problem)
        else:
            self.untrusted(f"{level}: {_in_short(problem)}\n\n{problem.fix}\n{problem.detail}")

    def _annotate(self, level: Level, problem: Problem) -> None:
        place = problem.place
        properties = {
            "file": place.file if place else None,
            "line": place.line if place else None,
            "col": place.column if place else None,
        }
        written = ",".join(
            f"{name}={_property(self._shown(str(value)))}"
            for name, value in properties.items()
            if value
        )
        parts = (problem.what, problem.fix, problem.detail)
        message = self._shown("\n\n".join(part for part in parts if part))
        self._print(f"::{level}{' ' * bool(written)}{written}::{_data(message)}")

    def _print(self, text: str) -> None:
        # Nothing that another thread says may stand between a fence and its end.
        with self._lock:
            super()._print(text)


def _fenced(text: str) -> str:
    """The runner obeys commands wherever they come from; between these two lines it doesn't."""
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text}\n::{token}::"


def _in_short(problem: Problem) -> str:
    return f"{problem.place}: {problem.what}" if problem.place else problem.what


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
