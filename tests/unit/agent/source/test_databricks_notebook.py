"""Notebooks: what is Python in them, what they install, and where each line stands."""

import json
from pathlib import Path
from typing import Any

import pytest

from entrypoint.agent.source import agent_source, static_checks
from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.agent.source.databricks_notebook import HEADER
from entrypoint.runtime.errors import AgentFailure, Place, Problem

SET_MODEL = "mlflow.models.set_model(agent)\n"


def code(text: str, **more: Any) -> dict[str, Any]:
    """A code cell as Jupyter saves it: a list of lines."""
    return {"cell_type": "code", "source": text.splitlines(keepends=True), **more}


def markdown(text: str) -> dict[str, Any]:
    return {**code(text), "cell_type": "markdown"}


def jupyter(folder: Path, *cells: Any, **more: Any) -> AgentSource:
    notebook = {"cells": list(cells), "metadata": {}, "nbformat": 4, **more}
    return read_ipynb(folder, json.dumps(notebook, indent=1))


def read_ipynb(folder: Path, content: str | bytes) -> AgentSource:
    path = folder / "agent.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return agent_source.read(path, "agents/agent.ipynb")


def databricks(folder: Path, text: str) -> AgentSource:
    path = folder / "agent.py"
    path.write_text(f"{HEADER}\n{text}", encoding="utf-8")
    return agent_source.read(path, "agents/agent.py")


def the_problem(failed: pytest.ExceptionInfo[AgentFailure]) -> Problem:
    (problem,) = failed.value.problems
    return problem


def python_of(read: AgentSource) -> list[str]:
    """The lines that Python sees."""
    static_checks.check(read)
    return [line for line in read.text.split("\n") if line and not line.startswith("#")]


def test_a_databricks_notebook_is_logged_as_it_is(tmp_path: Path) -> None:
    read = databricks(
        tmp_path,
        "# MAGIC %pip install -U -qqqq mlflow==3.17.2 'databricks-agents>=1' \\\n"
        "# MAGIC   langgraph\n"
        "# MAGIC dbutils.library.restartPython()\n\n"
        "# COMMAND ----------\n\n# MAGIC %md\n# MAGIC %pip install prose\n\n"
        "# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT 1\n\n"
        "# COMMAND ----------\n\n# DBTITLE 1,Agent\ndbutils.library.restartPython()\nx = 1\n",
    )

    assert read.code is None
    assert read.requirements == ("mlflow==3.17.2", "databricks-agents>=1", "langgraph")
    assert read.left_out == ("`%sql` (line 13)",)
    assert python_of(read) == ["dbutils.library.restartPython()", "x = 1"]
    assert read.place(20, 3) == Place("agents/agent.py", 20, 3)
    assert read.where(20) == "`agents/agent.py`"


def test_line_ends_of_windows_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "agent.py"
    path.write_bytes(f"\ufeff{HEADER}\r\n# MAGIC %pip install six\r\nx = 1\r\n".encode())

    assert agent_source.read(path, "agent.py").requirements == ("six",)


def test_a_python_file_has_no_magics(tmp_path: Path) -> None:
    path = tmp_path / "agent.py"
    path.write_text("# MAGIC %run ./other\n# MAGIC %pip install six\n")

    assert agent_source.read(path, "agent.py").requirements == ()


def test_a_jupyter_notebook_becomes_a_databricks_notebook(tmp_path: Path) -> None:
    read = jupyter(
        tmp_path,
        markdown("# Title\ntext"),
        code("%pip install -q six\nimport six\n"),
        code(""),
        {"cell_type": "raw", "source": "raw"},
        code("x = 1\nx"),
    )

    assert read.file_name == "agent.py"
    assert read.code == read.text
    assert read.text == (
        f"{HEADER}\n\n# MAGIC %md # Title\n# MAGIC text\n"
        "\n# COMMAND ----------\n\n# MAGIC %pip install -q six\nimport six\n\n"
        "\n# COMMAND ----------\n\nx = 1\nx\n"
    )
    assert read.requirements == ("six",)
    assert read.left_out == ()


def test_what_a_databricks_notebook_and_its_export_say_is_the_same(tmp_path: Path) -> None:
    read = jupyter(tmp_path, code("%pip install six\n%load_ext x\n"), code("%sql\nSELECT 1"))

    again = databricks(tmp_path, read.text.partition("\n")[2])

    assert again.requirements == read.requirements
    assert len(again.left_out) == len(read.left_out) == 2


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%load_ext autoreload\n%autoreload 2\nx = 1", ["x = 1"]),
        ("!apt-get install \\\n  git\nx = 1", ["x = 1"]),
        ("x = '''\n%d items\n!\n'''", ["x = '''", "%d items", "!", "'''"]),
        ('x = "\\""; y = """\n%d "\\""""\n%time\n', ['x = "\\""; y = """', '%d "\\""""']),
        ("x = (7\n% 2)\n%time\n", ["x = (7", "% 2)"]),
        ("x = 7 \\\n% 2", ["x = 7 \\", "% 2"]),
        ("x = 7  # it's (\n%time\n", ["x = 7  # it's ("]),
        ("if x:\n    %time\n", ["if x:", "    pass  # MAGIC %time"]),
        ("%%time\nx = 1\n", ["x = 1"]),
        ("\n%%capture out\n%pip install six\nx = 1\n", ["x = 1"]),
        ("%python\nx = 1\n", ["x = 1"]),
        ("%%bash\necho 'x\n", []),
        ("%sql\nSELECT '\n", []),
        ("%scala\nval x = 1\n", []),
        ("%%writefile tools.py\nx = ", []),
        ("# -*- coding: utf-7 -*-\nx = '+AKM-'", ["x = '+AKM-'"]),
    ],
)
def test_magics_are_made_comments_and_python_is_kept(
    tmp_path: Path, cell: str, python: list[str]
) -> None:
    assert python_of(jupyter(tmp_path, code(cell))) == python


def test_cells_in_other_languages_are_left_out(tmp_path: Path) -> None:
    read = jupyter(
        tmp_path,
        code("SELECT 1", metadata={"vscode": {"languageId": "sql"}}),
        code("x = 1", metadata={"vscode": {"languageId": "python"}}),
        code("%r\nlibrary(x)"),
        code("!ls"),
    )

    assert python_of(read) == ["x = 1"]
    assert read.left_out == (
        "`%%sql` (cell 1, line 1)",
        "`%r` (cell 3, line 1)",
        "`!` (cell 4, line 1)",
    )


def test_nbformat_3_is_read(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "input": "x = 1", "language": "python"}]

    read = read_ipynb(tmp_path, json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}))

    assert python_of(read) == ["x = 1"]


@pytest.mark.parametrize(
    ("arguments", "requirements"),
    [
        ("-U --quiet 'mlflow>=3' uv[x]", ["mlflow>=3", "uv[x]"]),
        ("six -Uq --upgrade-strategy eager  # why", ["six"]),
        ("-r requirements.txt", ["--requirement agents/requirements.txt"]),
        ("--requirement=../base.txt -c c.txt", "--requirement base.txt|--constraint agents/c.txt"),
        ("-e . ./dist/x.whl", ["--editable agents", "agents/dist/x.whl"]),
        ("/Volumes/a/b/c/x.whl", ["/Volumes/a/b/c/x.whl"]),
        (
            "six --extra-index-url https://x/s -i https://y",
            "--extra-index-url https://x/s|--index-url https://y|six",
        ),
        ("git+https://github.com/a/b@v1", ["git+https://github.com/a/b@v1"]),
        ("'a @ https://x/a.whl'", ["a @ https://x/a.whl"]),
        (
            "--extra-index-url https://${USER_1}@x/ six",
            "--extra-index-url https://${USER_1}@x/|six",
        ),
        ("six; python_version<'4'", None),
        ("six --target /tmp", None),
        ("--no-deps six", None),
        ("$PACKAGE", None),
        ("{package}", None),
        ("'six", None),
        ("-r", None),
    ],
)
def test_pip_install_is_read_as_requirements(
    tmp_path: Path, arguments: str, requirements: list[str] | str | None
) -> None:
    cell = code(f"%pip install {arguments}\n")
    if requirements is not None:
        wanted = requirements.split("|") if isinstance(requirements, str) else requirements
        assert list(jupyter(tmp_path, cell).requirements) == wanted
    elif arguments.startswith("six;"):  # pip's own way is quotes; uv says what is wrong
        assert jupyter(tmp_path, cell).requirements
    else:
        with pytest.raises(AgentFailure) as failed:
            jupyter(tmp_path, cell)
        assert "is no list of requirements" in the_problem(failed).what
        assert "cell 1, line 1," in the_problem(failed).what


@pytest.mark.parametrize(
    "line",
    [
        "!pip install six",
        "!pip3 install six > /dev/null 2>&1",
        "!python -m pip install six && echo done",
        "!{sys.executable} -m pip install six",
        "!uv pip install --system six",
        "%uv pip install six",
        "%pip install \\\n  six",
    ],
)
def test_other_ways_to_install_are_understood(tmp_path: Path, line: str) -> None:
    assert jupyter(tmp_path, code(line)).requirements == ("six",)


def test_places_are_those_of_the_users_file(tmp_path: Path) -> None:
    cells = [markdown("text"), code("import os\n\nx = 1\n"), {**code(""), "source": "y = 1\nz = 2"}]
    read = jupyter(tmp_path, *cells)
    file = (tmp_path / "agent.ipynb").read_text().splitlines()
    lines = read.text.split("\n")
    x, z = lines.index("x = 1") + 1, lines.index("z = 2") + 1

    assert read.where(x) == "`agents/agent.ipynb`, cell 2, line 3,"
    assert file[(read.place(x, 3).line or 0) - 1].strip() == '"x = 1\\n"'
    assert read.place(x, 3).column is None
    assert '"y = 1\\nz = 2"' in file[(read.place(z).line or 0) - 1]
    assert read.place(1) == read.place(None) == read.place(99) == Place("agents/agent.ipynb")
    copy = Path("/build/agent.py")
    trace = f'File "{copy}", line {x}, in f\n  File "/lib/agent.py", line {x}, in g\n'
    assert read.with_cells(trace, copy) == (
        f'File "agents/agent.ipynb", cell 2, line 3, in f\n  File "/lib/agent.py", line {x}, in g\n'
    )


def test_a_typing_error_is_told_with_its_cell(tmp_path: Path) -> None:
    read = jupyter(tmp_path, markdown("text"), code("x = 1\ndef f(:\n"))

    with pytest.raises(AgentFailure) as failed:
        static_checks.check(read)

    problem = the_problem(failed)
    assert problem.what.startswith("`agent-path`: `agents/agent.ipynb`, cell 2, line 2, is not")
    assert problem.detail == "def f(:"
    assert problem.place == read.place(read.text.split("\n").index("def f(:") + 1)


def test_running_another_notebook_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AgentFailure) as failed:
        databricks(tmp_path, "x = 1\n\n# COMMAND ----------\n\n# MAGIC %run ./lib/tools\n")

    problem = the_problem(failed)
    assert "`./lib/tools`" in problem.what
    assert "code-paths: agents/lib/tools.py" in problem.fix
    assert problem.place == Place("agents/agent.py", 6)


def test_a_driver_that_writes_the_agent_is_told_from_an_agent(tmp_path: Path) -> None:
    writes = code(f"%%writefile support/agent.py\n{SET_MODEL}")
    logs = code("import mlflow\nmlflow.pyfunc.log_model(name='a', python_model='agent.py')\n")

    with pytest.raises(AgentFailure) as failed:
        jupyter(tmp_path, code("%pip install mlflow"), writes, logs)

    problem = the_problem(failed)
    assert "cell 2, line 1, writes the agent to `support/agent.py`" in problem.what
    assert "agent-path: agents/support/agent.py" in problem.fix
    assert jupyter(tmp_path, writes, code(SET_MODEL)).left_out


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(AgentFailure) as failed:
        jupyter(tmp_path, code("%run ./a\n%run ./b\n%pip install {c}"))

    assert len(failed.value.problems) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b'{"cells": [\n<<<<<<< HEAD\n', "not JSON"),
        (b"\xff{}", "utf-8"),
        (b"[" * 100_000, "recursion"),
        (b'{"cells": ' + b'{"a":' * 100_000, "recursion"),
        (b"[]", "no `cells`"),
        (b'{"cells": null}', "no `cells`"),
        (b'{"cells": [1]}', "cell 1 is not a cell"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "cell 1 is not a cell"),
        (b'{"cells": [{"cell_type": "raw", "source": null}]}', "no code cell"),
        (b'{"cells": [{"cell_type": ["code"], "source": "x"}]}', "no code cell"),
        (b'{"cells": []}', "no code cell"),
        (b'{"cells": [{"cell_type": "markdown", "source": "x"}]}', "no code cell"),
        (b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}', "surrogate"),
        (b'{"cells": [], "metadata": {"language_info": {"name": "R"}}}', "its language is R"),
        (b'{"cells": [], "metadata": {"kernelspec": {"language": "scala"}}}', "is scala"),
    ],
)
def test_what_is_no_notebook_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(AgentFailure) as failed:
        read_ipynb(tmp_path, content)

    problem = the_problem(failed)
    assert problem.what.startswith("`agent-path`: `agents/agent.ipynb` is not a notebook: ")
    assert said in problem.what
    assert problem.place
    assert problem.place.file == "agents/agent.ipynb"


def test_a_nul_is_told(tmp_path: Path) -> None:
    with pytest.raises(AgentFailure):
        static_checks.check(jupyter(tmp_path, code("x = '\0'")))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "agent.ipynb").open("wb") as file:
        file.truncate(60_000_000)

    with pytest.raises(AgentFailure, match="larger than 10 MB") as failed:
        agent_source.read(tmp_path / "agent.ipynb", "agent.ipynb")
    assert "outputs" in the_problem(failed).what


def test_too_much_code_is_not_parsed(tmp_path: Path) -> None:
    with pytest.raises(AgentFailure, match="more than 500 kB of code"):
        jupyter(tmp_path, code("x = 1\n" * 200_000))


@pytest.mark.parametrize(
    "cell",
    [
        "%x\n" * 30_000,
        '"""' + "%\n" * 100_000,
        "(" * 200_000,
        "x = 1\n" * 30_000,
        '"' * 300_001,
        "%sql\n" * 30_000,
    ],
    ids=["magics", "string", "brackets", "lines", "quotes", "sql"],
)
def test_long_cells_are_converted_line_by_line(tmp_path: Path, cell: str) -> None:
    """In time that grows with the square of their length, these would take minutes."""
    source = jupyter(tmp_path, code(cell))

    _header, _empty, *lines, _end = source.text.split("\n")
    assert len(lines) == len(cell.split("\n"))
