"""What is said of `dbutils`, which serving hasn't."""

from pathlib import Path

import pytest

from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.resources.check.dbutils import unavailable
from entrypoint.resources.scan import scan
from entrypoint.runtime.errors import Place, Problem


def problems(folder: Path, agent: str) -> list[Problem]:
    findings = scan(
        agent,
        AgentSource("agent.py", "").place,
        folder,
        lambda file, line, column: Place(file.as_posix(), line, column),
        None,
    )
    return list(unavailable(findings.dbutils))


@pytest.mark.parametrize(
    ("code", "called"),
    [
        ('key = dbutils.secrets.get("agents", "tavily")', "secrets.get"),
        ('schema = dbutils.widgets.get("schema")', "widgets.get"),
        ('dbutils.fs.ls("/tmp")', "fs.ls"),
        ('dbutils.notebook.run("./other", 60)', "notebook.run"),
        (
            "context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()",
            "notebook.entry_point.getDbutils",
        ),
        ('dbutils.jobs.taskValues.get("a", "b")', "jobs.taskValues.get"),
        ('def predict():\n    return dbutils.secrets.get("a", "b")', "secrets.get"),
        ("from dbutils import secrets\nsecrets.get('a', 'b')", "secrets.get"),
        ("d = dbutils\nd.secrets.get('a', 'b')", "secrets.get"),
    ],
)
def test_a_call_is_told(tmp_path: Path, code: str, called: str) -> None:
    (problem,) = problems(tmp_path, code)

    assert f"`dbutils.{called}(...)`: there is no `dbutils` on serving." in problem.what
    assert problem.place
    assert problem.fix


@pytest.mark.parametrize(
    "code",
    [
        "dbutils.library.restartPython()",
        "from databricks.sdk.runtime import dbutils\ndbutils.secrets.get('a', 'b')",
        "import databricks.sdk as d\nd.WorkspaceClient().dbutils.secrets.get('a', 'b')",
        "if __name__ == '__main__':\n    dbutils.secrets.get('a', 'b')",
        "# dbutils.secrets.get('a', 'b')",
        "print('dbutils.secrets.get')",
    ],
)
def test_what_works_or_never_runs_is_not(tmp_path: Path, code: str) -> None:
    assert problems(tmp_path, code) == []


def test_the_endpoint_fills_the_secret_into_a_variable(tmp_path: Path) -> None:
    code = 'SCOPE = "agents"\nkey = dbutils.secrets.get(scope=SCOPE, key="tavily-key")\n'

    (problem,) = problems(tmp_path, code)

    assert 'os.environ["TAVILY_KEY"]' in problem.fix
    assert '{"TAVILY_KEY": "{{secrets/agents/tavily-key}}"}' in problem.fix
    assert "TAVILY_KEY: ${{ secrets.TAVILY_KEY }}" in problem.fix
    assert str(problem.place) == "agent.py:2:7"


def test_several_lines_are_one_finding(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("token = dbutils.secrets.get('a', 'c')\n")
    code = "import tools\nx = dbutils.secrets.get('a', 'b')\ny = dbutils.widgets.get('s')\n"

    secrets, widgets = problems(tmp_path, code)

    assert str(secrets.place) == "agent.py:2:5"
    assert secrets.detail == "Also at tools.py:1:9"
    assert str(widgets.place) == "agent.py:3:5"
