"""The log of a step on GitHub, with workflow commands.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import secrets
import sys
from threading import Lock
from typing import TextIO

from entrypoint.errors import Problem
from entrypoint.log import printable
from entrypoint.redaction import Secrets


class WorkflowLog:
    """A log that the runner folds and annotates."""

    def __init__(self, stream: TextIO = sys.stdout, secrets: Secrets | None = None) -> None:
        """Print to `stream`, without the values of `secrets`."""
        self._stream = stream
        self._secrets = secrets or Secrets()
        self._lock = Lock()

    def group(self, title: str) -> None:
        self._print(f"::group::{_data(title)}")

    def end_group(self) -> None:
        self._print("::endgroup::")

    def line(self, text: str) -> None:
        # Ours, but it may quote what is not: `::` begins a command, and the older `##[` does so
        # anywhere in a line.
        self._fenced(text) if "::" in text or "##[" in text else self._print(text)

    def foreign(self, text: str) -> None:
        self._fenced(text)

    def mask(self, secret: str) -> None:
        self._write(f"::add-mask::{_data(secret)}")

    def notice(self, problem: Problem) -> None:
        self._annotate("notice", problem)

    def warning(self, problem: Problem) -> None:
        self._annotate("warning", problem)

    def error(self, problem: Problem) -> None:
        self._annotate("error", problem)

    def _annotate(self, level: str, problem: Problem) -> None:
        place = problem.place
        properties = {
            "file": place.file if place else None,
            "line": place.line if place else None,
            "col": place.column if place else None,
        }
        written = ",".join(
            f"{name}={_property(str(value))}" for name, value in properties.items() if value
        )
        parts = (problem.what, problem.fix, problem.detail)
        message = "\n\n".join(part for part in parts if part)
        self._print(f"::{level}{' ' * bool(written)}{written}::{_data(message)}")

    def _fenced(self, text: str) -> None:
        """The runner obeys commands wherever they come from; between these two lines it doesn't."""
        token = secrets.token_hex(16)
        self._print(f"::stop-commands::{token}\n{text}\n::{token}::")

    def _print(self, text: str) -> None:
        self._write(self._secrets.redact(printable(text)))

    def _write(self, text: str) -> None:
        # Nothing that another thread says may stand between a fence and its end.
        with self._lock:
            print(text, file=self._stream, flush=True)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
