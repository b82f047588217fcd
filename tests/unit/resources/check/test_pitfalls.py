"""What is said of code that works where it is built, and not once it is served."""

from pathlib import Path

import pytest

from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.resources.check import pitfalls
from entrypoint.resources.scan import scan
from entrypoint.resources.scan.pitfalls import Pitfalls
from entrypoint.runtime.errors import Place

HEAD = """\
import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.credentials_provider import ModelServingUserCredentials
from mlflow import MlflowClient
from mlflow.pyfunc import ChatAgent, PythonModel
"""
USER = "WorkspaceClient(credentials_strategy=ModelServingUserCredentials())"
FIRST = HEAD.count("\n") + 1


def found(code: str, folder: Path) -> Pitfalls:
    return scan(
        f"{HEAD}{code}\n",
        AgentSource("agent.py", "").place,
        folder,
        lambda file, line, column: Place(file.as_posix(), line, column),
        None,
    ).pitfalls


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("mlflow.set_experiment('/Shared/a')", "mlflow.set_experiment"),
        ("from mlflow import set_experiment as use\nuse('/Shared/a')", "mlflow.set_experiment"),
        ("with mlflow.start_run():\n    pass", "mlflow.start_run"),
        ("mlflow.log_param('a', 1)", "mlflow.log_param"),
        ("mlflow.pyfunc.log_model(name='a')", "mlflow.pyfunc.log_model"),
        ("mlflow.register_model('a', 'b')", "mlflow.register_model"),
        ("mlflow.genai.register_prompt('a', 'b')", "mlflow.genai.register_prompt"),
        ("MlflowClient().create_run('1')", "mlflow.MlflowClient(...).create_run"),
        ("mlflow.tracking.MlflowClient().log_metric('1', 'a', 2)", "log_metric"),
        ("def setup():\n    mlflow.set_experiment('a')\nsetup()", "mlflow.set_experiment"),
        (
            "class A:\n    def __init__(self):\n        mlflow.set_experiment('a')\nA()",
            "mlflow.set_experiment",
        ),
        ("class A:\n    run = mlflow.start_run()", "mlflow.start_run"),
        ("def a(run=mlflow.start_run()):\n    pass", "mlflow.start_run"),
    ],
)
def test_a_write_while_the_agent_loads_is_a_warning(
    code: str, written: str, tmp_path: Path
) -> None:
    (problem,) = pitfalls.at_load(found(code, tmp_path))

    assert f"{written}(...)` is called while the agent loads" in problem.what
    assert problem.place
    assert problem.place.line
    assert problem.place.line >= FIRST
    assert 'if __name__ == "__main__":' in problem.fix
    assert ("Unable to load OAuth Config" in problem.what) == ("set_experiment" in problem.what)


@pytest.mark.parametrize(
    "code",
    [
        "mlflow.models.set_model(None)",
        "mlflow.langchain.autolog()",
        "mlflow.set_tracking_uri('databricks')",
        "mlflow.update_current_trace(tags={})",
        "if __name__ == '__main__':\n    mlflow.set_experiment('a')",
        "def log():\n    mlflow.log_param('a', 1)",
        "def main():\n    mlflow.set_experiment('a')\nif __name__ == '__main__':\n    main()",
        "class A(PythonModel):\n    def predict(self, x):\n        mlflow.log_metric('a', 1)\nA()",
        "log = lambda: mlflow.log_param('a', 1)",
        "from mlflow.types.responses import create_text_delta\ncreate_text_delta('a', 'b')",
        "class Own:\n    def log_param(self):\n        pass\nOwn().log_param()",
        "import logging\nlogging.log_param = 1",
    ],
)
def test_what_writes_nothing_while_the_agent_loads_is_none(code: str, tmp_path: Path) -> None:
    assert list(pitfalls.at_load(found(code, tmp_path))) == []


def test_of_a_module_only_what_is_imported_counts(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("import mlflow\nmlflow.set_experiment('a')\n")

    assert list(pitfalls.at_load(found("", tmp_path))) == []
    (problem,) = pitfalls.at_load(found("import setup", tmp_path))
    assert str(problem.place) == "setup.py:2:1"


def test_all_places_of_one_function_are_one_warning(tmp_path: Path) -> None:
    several = "mlflow.log_param('a', 1)\nmlflow.set_experiment('b')\nmlflow.log_param('c', 2)"
    params, experiment = pitfalls.at_load(found(several, tmp_path))

    assert f"agent.py:{FIRST + 2}:1" in params.detail
    assert not experiment.detail


@pytest.mark.parametrize(
    "code",
    [
        USER,
        f"class A:\n    client = {USER}",
        f"def a(client={USER}):\n    pass",
        f"@given({USER})\ndef a():\n    pass",
        f"@given({USER})\nclass A:\n    pass",
        f"clients = [{USER} for each in range(2)]",
        f"def make():\n    return {USER}\nCLIENT = make()",
    ],
)
def test_a_client_for_the_user_is_made_too_early(code: str, tmp_path: Path) -> None:
    (problem,) = pitfalls.at_load(found(code, tmp_path))

    assert "only inside of `predict`" in problem.what


@pytest.mark.parametrize(
    "code",
    [
        f"class A:\n    def predict(self, x):\n        {USER}\nA()",
        f"def judge():\n    {USER}",
        f"if __name__ == '__main__':\n    {USER}",
    ],
)
def test_a_client_for_the_user_is_made_in_time(code: str, tmp_path: Path) -> None:
    assert list(pitfalls.at_load(found(code, tmp_path))) == []


def test_clients_for_the_user_need_their_package(tmp_path: Path) -> None:
    agent = f"class A:\n    def predict(self, x):\n        {USER}\nA()"
    (problem,) = pitfalls.without_bridge(found(agent, tmp_path), {"mlflow", "databricks-sdk"})

    assert problem.place == Place("agent.py", FIRST + 2, 9)
    assert "acts as the endpoint's service principal" in problem.what
    assert "\n    databricks-ai-bridge" in problem.fix

    bridge = {"mlflow", "databricks-ai-bridge"}
    assert list(pitfalls.without_bridge(found(agent, tmp_path), bridge)) == []
    for never in (f"def judge():\n    {USER}", f"if __name__ == '__main__':\n    {USER}", ""):
        assert list(pitfalls.without_bridge(found(never, tmp_path), set())) == []


def test_a_chat_agent_is_noticed_once(tmp_path: Path) -> None:
    two = "class A(ChatAgent):\n    pass\nclass B(A, mlflow.pyfunc.ChatAgent):\n    pass\nA(), B()"
    (notice,) = pitfalls.older_interface(found(two, tmp_path))

    assert notice.place == Place("agent.py", FIRST, 9)
    assert "advises `ResponsesAgent`" in notice.what
    for other in ("class A(ChatAgent):\n    pass", "class A(PythonModel):\n    pass\nA()"):
        assert list(pitfalls.older_interface(found(other, tmp_path))) == []
