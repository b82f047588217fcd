import os
from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoint.agent.source import agent_source, static_checks
from entrypoint.runtime.errors import AgentFailure, Place, Problem


def check_source(path: Path, shown: str) -> None:
    static_checks.check(agent_source.read(path, shown))


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
    [b"x = '\xe9'\n", b"x = 1\0\n", b"# coding: nope\n", b"# coding: rot13\n"],
    ids=["encoding", "NUL", "codec", "codec of no text"],
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


@pytest.mark.parametrize(
    "content",
    [
        b"x = " + b"a + " * 3_000 + b"a\n",
        b"x = " + b"(" * 5_000,
        b"x = " + b"-" * 3_000 + b"1\n",
        b"x = " + b"lambda: " * 1_000 + b"1\n",
        b"if a: pass\n" + b"elif a: pass\n" * 3_000,
        b"x = " + b"9" * 5_000 + b"\n",
        b"x = 1\n" * 100_000,
    ],
    ids=["sum", "brackets", "signs", "lambdas", "elif", "number", "size"],
)
def test_what_is_too_much_to_read_is_told(tmp_path: Path, content: bytes) -> None:
    assert problem_of(tmp_path, content).what.startswith("`agent-path`: `agents/agent.py` ")


@pytest.mark.parametrize(
    "make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/etc/hosts")]
)
def test_only_a_file_is_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "agent.py")

    with pytest.raises(AgentFailure, match="can't be read"):
        agent_source.read(tmp_path / "agent.py", "agent.py")


def test_a_file_is_logged_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "agent.py"
    path.write_bytes(b"# coding: latin-1\nx = '\xe9'\n")

    read = agent_source.read(path, "agents/agent.py")

    assert read.code is None
    assert read.text == "# coding: latin-1\nx = 'é'\n"
    assert (read.requirements, read.left_out) == ((), ())
    assert read.place(3, 4) == Place("agents/agent.py", 3, 4)


def test_a_magic_in_python_is_told_how_databricks_writes_it(tmp_path: Path) -> None:
    assert "# MAGIC %pip install" in problem_of(tmp_path, b"x = 1\n%pip install six\n").fix


@pytest.mark.parametrize(
    "call",
    [
        "mlflow.pyfunc.log_model(python_model=agent)",
        "mlflow.langchain.log_model(agent)",
        "info = mlflow.register_model('runs:/1/agent', 'a.b.c')",
        "with mlflow.start_run():\n    agents.deploy('a.b.c', 1)",
    ],
)
def test_what_only_a_driver_may_do_is_an_error(tmp_path: Path, call: str) -> None:
    script = problem_of(tmp_path, f"import mlflow\n{call}\n".encode())
    agent = problem_of(tmp_path, f"mlflow.models.set_model(x)\n{call}\n".encode())

    assert script.place is not None
    assert (script.place.line or 0) >= 2
    assert "name the file that calls" in script.fix
    assert 'if __name__ == "__main__":' in agent.fix


@pytest.mark.parametrize(
    "code",
    [
        "if __name__ == '__main__':\n    mlflow.pyfunc.log_model(x)\n",
        "def log():\n    mlflow.pyfunc.log_model(x)\n",
        "log_model(x)\nself.agents.deploy(x)\n",
    ],
)
def test_what_is_not_run_on_load_is_fine(tmp_path: Path, code: str) -> None:
    (tmp_path / "agent.py").write_text(code)

    check_source(tmp_path / "agent.py", "agent.py")


def test_what_only_fails_when_compiled_is_told(tmp_path: Path) -> None:
    assert "outside function" in problem_of(tmp_path, b"x = 1\nawait x\n").what


def test_a_newer_python_judges_its_own_syntax(tmp_path: Path) -> None:
    path = tmp_path / "agent.py"
    path.write_text("new syntax here\nmlflow.pyfunc.log_model()\n")
    source = agent_source.read(path, "agent.py")

    with pytest.raises(AgentFailure, match="is not valid Python"):
        static_checks.check(source)
    with pytest.raises(AgentFailure, match=r"calls `mlflow\.pyfunc\.log_model"):
        static_checks.check(source, is_newer=True)
