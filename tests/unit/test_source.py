from pathlib import Path

import pytest

from entrypoint.agent.source import check_source
from entrypoint.errors import AgentFailure, Place, Problem


def problem_of(folder: Path, content: bytes) -> Problem:
    path = folder / "agent.py"
    path.write_bytes(content)
    with pytest.raises(AgentFailure) as raised:
        check_source(path, "agents/agent.py")
    (problem,) = raised.value.problems
    return problem


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"import no_such_package\n",
        b"raise SystemExit('this is not run')\n",
        b"\xef\xbb\xbfx = 1\r\n",
        b"# coding: latin-1\nx = '\xe9'\n",
        b"x = '\\d'\n",  # a SyntaxWarning or DeprecationWarning, which pytest makes an error
    ],
)
def test_python_is_fine_and_is_not_run(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "agent.py"
    path.write_bytes(content)

    check_source(path, "agent.py")


@pytest.mark.parametrize(
    ("content", "line", "column", "detail"),
    [
        (b"x = 1\ndef f(:\n    pass\n", 2, 7, "def f(:"),
        (b"x = (\n", 1, 5, "x = ("),
        (b"if x:\npass\n", 2, 1, "pass"),
    ],
)
def test_a_typing_error_is_told_with_its_line_and_column(
    tmp_path: Path, content: bytes, line: int, column: int, detail: str
) -> None:
    problem = problem_of(tmp_path, content)

    assert problem.what.startswith("`agent-path`: `agents/agent.py` is not valid Python: ")
    assert problem.place == Place("agents/agent.py", line, column)
    assert problem.detail == detail


@pytest.mark.parametrize(
    "content",
    [b"x = '\xe9'\n", b"x = 1\0\n", b"# coding: nope\n"],
    ids=["encoding", "NUL", "codec"],
)
def test_what_is_not_text_is_told(tmp_path: Path, content: bytes) -> None:
    problem = problem_of(tmp_path, content)

    assert problem.what.startswith("`agent-path`: `agents/agent.py` is not valid Python: ")
    assert problem.place is not None
    assert problem.place.file == "agents/agent.py"


def test_a_place_that_python_does_not_know_is_left_out(tmp_path: Path) -> None:
    assert problem_of(tmp_path, b"# coding: nope\n").place == Place("agents/agent.py")


def test_what_nests_too_deeply_is_told(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, b"x = a" + b".a" * 100_000 + b"\n")

    assert problem.what.startswith("`agent-path`: `agents/agent.py` ")
