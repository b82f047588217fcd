"""Whatever is raised in a job, its result has failed."""

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.github.step_files import StepFiles
from entrypoint.inputs.declarations import texts_of
from entrypoint.jobs.context import Job
from entrypoint.jobs.unexpected_errors import caught
from entrypoint.report.result import Result
from entrypoint.runtime.log import PlainLog


class Unexplainable(Exception):
    """Nothing can be found out about it."""

    @property
    def orig(self) -> Exception:
        raise RuntimeError("no more of it")

    def __str__(self) -> str:
        raise RuntimeError("nor what it says")


def endless(depth: int = 0) -> int:
    return endless(depth + 1)


def no_memory() -> None:
    raise MemoryError


def unexplainable() -> None:
    raise Unexplainable


def not_utf8() -> None:
    "caf\udce9.txt".encode()


def in_a_group() -> None:
    raise BaseExceptionGroup("of a library", [SystemExit(0)])


@pytest.mark.parametrize(
    ("work", "name"),
    [
        (endless, "RecursionError"),
        (no_memory, "MemoryError"),
        (unexplainable, "Unexplainable"),
        (not_utf8, "UnicodeEncodeError"),
        (in_a_group, "BaseExceptionGroup"),
        (sys.exit, "SystemExit"),
    ],
)
def test_an_exception_is_a_problem(work: Callable[[], object], name: str, tmp_path: Path) -> None:
    environ = {"GITHUB_WORKSPACE": str(tmp_path), "GITHUB_ACTION_REPOSITORY": "acme/log-agent"}
    result, log = Result(), io.StringIO()
    with StepFiles.opened({}) as files:
        job = Job.from_environ(texts_of({}, {}), environ, files)
        with caught(result, replace(job, log=PlainLog(log))):
            work()

    (problem,) = result.problems
    assert problem.what == f"log-agent itself failed: {name}."
    assert "https://github.com/acme/log-agent/issues/new" in problem.fix
    assert "Traceback" in log.getvalue()
