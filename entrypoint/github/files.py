"""The files through which a step talks to the runner.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

# In bytes; the runner drops a longer one whole.
SUMMARY_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class StepFiles:
    """The files, opened before anything else runs: their paths are not looked at again."""

    output: TextIO | None = None
    summary: TextIO | None = None

    @classmethod
    @contextmanager
    def opened(cls, environ: Mapping[str, str]) -> Iterator[Self]:
        """Open them, to append; off GitHub there are none."""
        with ExitStack() as stack:
            paths = (environ.get(name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
            yield cls(*(stack.enter_context(_opened(path)) if path else None for path in paths))

    def write_outputs(self, outputs: Mapping[str, str]) -> None:
        """Append step outputs, newline-safe."""
        for name, value in outputs.items():
            # Random, so that a value can't end its block and begin an output of its own.
            delimiter = secrets.token_hex(16)
            _write(self.output, f"{name}<<{delimiter}\n{value}\n{delimiter}\n")

    def write_summary(self, markdown: str) -> None:
        """Append the job summary."""
        _write(self.summary, markdown)


def _opened(path: str) -> TextIO:
    return Path(path).open("a", encoding="utf-8", errors="backslashreplace")


def _write(file: TextIO | None, text: str) -> None:
    if file:
        file.write(text)
        file.flush()
