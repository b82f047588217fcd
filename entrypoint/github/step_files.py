"""The files through which a step talks to the runner.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from entrypoint.runtime.errors import Problem, ReportFailure

# In bytes; the runner drops a longer one whole.
SUMMARY_LIMIT = 1024 * 1024


class StepFile:
    """One of them, which the variable `name` names; `loses` says what is lost without it.

    It is opened before anything else runs: its path is not looked at again. That it can't be opened
    is said when it is written.
    """

    def __init__(self, name: str, path: str, loses: str) -> None:
        self._name, self._path, self._loses = name, path, loses
        self._descriptor: int | None = None
        self._refused: OSError | None = None
        try:
            if path:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                self._descriptor = os.open(path, flags, 0o644)
                self._begin = os.fstat(self._descriptor).st_size
        except OSError as error:
            self._refused = error

    def write(self, blocks: Iterable[str]) -> None:
        """Append blocks, in the place of those that this step has written before.

        A block is there whole or not at all: half of one would spoil the file.

        Raises:
            ReportFailure: one can't be written; those before it stay.

        """
        try:
            if self._refused:
                raise self._refused
            if self._descriptor is not None:
                _cut(self._descriptor, self._begin)
                for block in blocks:
                    _append(self._descriptor, block.encode(errors="backslashreplace"))
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Close it."""
        if self._descriptor is not None:
            os.close(self._descriptor)

    def _failure(self, error: OSError) -> ReportFailure:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            fix = "Make room on the runner's disk in a step before this one."
        else:
            fix = (
                "The runner makes this file for every step. No step should move or remove it,"
                f" change its owner, or set `{self._name}`."
            )
        return ReportFailure(
            Problem(
                f"`{self._name}`: `{Path(self._path)}` can't be written: {error.strerror}."
                f" {self._loses}",
                fix,
            )
        )


@dataclass(frozen=True)
class StepFiles:
    """The outputs and the summary of the step; off GitHub there are none."""

    output: StepFile
    summary: StepFile

    @classmethod
    @contextmanager
    def opened(cls, environ: Mapping[str, str]) -> Iterator[Self]:
        """Open them."""
        files = cls(
            StepFile(
                "GITHUB_OUTPUT",
                environ.get("GITHUB_OUTPUT", ""),
                "Later steps don't get all of this step's outputs.",
            ),
            StepFile(
                "GITHUB_STEP_SUMMARY",
                environ.get("GITHUB_STEP_SUMMARY", ""),
                "The job's page doesn't have this step's summary.",
            ),
        )
        try:
            yield files
        finally:
            files.output.close()
            files.summary.close()

    def write_outputs(self, outputs: Mapping[str, str]) -> None:
        """Write step outputs, newline-safe.

        Raises:
            ReportFailure: one can't be written; those before it stay.

        """
        self.output.write(_blocks(outputs))

    def write_summary(self, markdown: str) -> None:
        """Write the job summary.

        Raises:
            ReportFailure: it can't be written.

        """
        self.summary.write([markdown])


def _blocks(outputs: Mapping[str, str]) -> Iterator[str]:
    for name, value in outputs.items():
        # Random, so that a value can't end its block and begin an output of its own.
        delimiter = secrets.token_hex(16)
        yield f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _append(descriptor: int, content: bytes) -> None:
    before = os.fstat(descriptor).st_size
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        _cut(descriptor, before)
        raise


def _cut(descriptor: int, size: int) -> None:
    with suppress(OSError):  # a device has no size
        os.ftruncate(descriptor, size)
