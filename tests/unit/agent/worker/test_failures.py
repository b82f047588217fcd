"""What is reported of an exception, in the interpreter of the tests."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from pydantic import BaseModel, TypeAdapter

from entrypoint.agent.agent_error import AgentError
from entrypoint.agent.worker import failures
from entrypoint.agent.worker.agent_calls import AgentCalls

INVALID_ANSWER = "from tests.unit.agent.worker.test_failures import Answer, told\nAnswer()"
NO_TEXT = "Answer: text: Field required [type=missing, input_value={}, input_type=dict]"
NO_ANSWER = (
    "Answer: Input should be a valid dictionary or instance of Answer"
    " [type=model_type, input_value=None, input_type=NoneType]"
)
SWALLOWED = """
try:
    raise ValueError('cannot configure default credentials')
except ValueError:
    raise RuntimeError('no client') from None
"""
HINTED = """
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.utils import pyfunc

@pyfunc
def predict(model_input: list[str]) -> list[str]:
    raise MlflowException(model_input[0])
"""
NOWHERE = """
import os
host = os.getenv('DATABRICKS_HOST_OF_NOBODY')
open(f'/{host}/api')
"""


class Answer(BaseModel):
    text: str


def told() -> str:
    """What pydantic says of an answer without a text."""
    return str(raised(lambda: Answer.model_validate({})))


def raised(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as error:  # noqa: BLE001
        return error
    raise AssertionError("nothing was raised")


def run(code: str, folder: Path) -> dict[str, Any]:
    """The report of what the code raises, as an agent's file in a folder."""
    file = folder / "agent.py"
    file.write_text(code, encoding="utf-8")
    error = raised(lambda: exec(compile(code, str(file), "exec"), {}))
    report = failures.report(error, {"agent_folders": [f"{folder}/"]}, AgentCalls())
    TypeAdapter(AgentError).validate_python(report)
    return report


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ValueError('one\\n\\ntwo')", "one"),
        ("raise ValueError('\\n  late')", "late"),
        ("raise ValueError()", ""),
        ("raise ValueError('the reason is:\\nit rains')", "the reason is: it rains"),
        (INVALID_ANSWER.replace("Answer()", "Answer.model_validate(None)"), NO_ANSWER),
        (INVALID_ANSWER, NO_TEXT),
        (
            INVALID_ANSWER.replace("Answer()", "raise RuntimeError(f'Not valid. {told()}')"),
            f"Not valid. {NO_TEXT}",
        ),
    ],
)
def test_the_reason_is_the_first_line_that_says_something(
    code: str, reason: str, tmp_path: Path
) -> None:
    assert run(code, tmp_path)["reason"] == reason


def test_what_mlflow_wraps_is_told_and_not_the_wrapping(tmp_path: Path) -> None:
    def wrapped() -> None:
        try:
            os.environ["NOT_SET_HERE"]
        except KeyError as error:
            raise MlflowException("Failed to run user code") from error

    report = failures.report(raised(wrapped), {"agent_folders": [f"{tmp_path}/"]}, AgentCalls())

    assert report["type"] == "KeyError"
    assert not report["no_model_set"]


def test_the_place_is_that_of_a_cause_where_a_library_wraps_it(tmp_path: Path) -> None:
    code = "import json\ndef tool():\n    1 / 0\ntry:\n    tool()\nexcept Exception as e:\n"
    code += "    cause = e\nimport tests.unit.agent.worker.test_failures as library\n"

    report = run(code + "library.wrap(cause)\n", tmp_path)

    assert report["place"] == [str(tmp_path / "agent.py"), 9]
    assert "ZeroDivisionError" in report["text"]


def wrap(cause: BaseException) -> None:
    raise RuntimeError("a tool failed") from cause


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("raise ValueError('default auth: cannot configure default credentials, please')", True),
        (SWALLOWED, True),
        ("import os\nos.environ['DATABRICKS_HOST_OF_NOBODY']", True),
        ("import os\nopen('/'.join(['', os.getenv('DATABRICKS_X_NOT_SET') + 'x']))", True),
        (NOWHERE, True),
        (NOWHERE.replace("open(", "1 / 0\nopen("), False),
        ("import os\nos.environ['OTHER_NOT_SET']", False),
        ("import os\nos.getenv('DATABRICKS_NOT_SET')\nos.environ['OTHER_API_KEY']", False),
        ("raise ValueError('cannot')", False),
        ("from databricks.sdk import no_such_name", False),
    ],
)
def test_what_needs_a_login(code: str, *, needed: bool, tmp_path: Path) -> None:
    assert run(code, tmp_path)["needs_login"] is needed


def test_a_variable_and_a_file_that_are_missing_are_named(tmp_path: Path) -> None:
    assert run("import os\nos.environ['NOT_SET']", tmp_path)["variable"] == "NOT_SET"
    assert run("{}['NOT_SET']", tmp_path)["variable"] is None
    assert run("open('prompts/x.md')", tmp_path)["missing_file"] == "prompts/x.md"
    template = "from jinja2 import *\nEnvironment(loader=FileSystemLoader('prompts')).get_template"
    assert run(f"{template}('x.md')", tmp_path)["missing_file"] == "prompts/x.md"
    wrapped = (
        "try:\n    open('x.md')\nexcept OSError as e:\n    raise ValueError('no prompt') from e"
    )
    assert run(wrapped, tmp_path)["missing_file"] == "x.md"


def test_a_syntax_error_of_a_module_is_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken_module_of_agent.py").write_text("\n\ndef f(:\n", encoding="utf-8")
    code = f"import sys\nsys.path.append({str(tmp_path)!r})\nimport broken_module_of_agent"

    report = run(code, tmp_path)

    assert report["place"] == [os.fspath(tmp_path / "broken_module_of_agent.py"), 3]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no exception groups")
def test_of_a_task_group_the_tasks_own_exceptions_are_told(tmp_path: Path) -> None:
    report = run("raise ExceptionGroup('tasks', [OSError('no'), KeyError('b')])", tmp_path)

    assert (report["type"], report["reason"]) == ("OSError", "no")
    assert report["place"] == [str(tmp_path / "agent.py"), 1]
    assert (
        report["text"] == "OSError: no\nExceptionGroup: tasks (2 sub-exceptions)\nKeyError: 'b'\n"
    )


def test_modules_that_import_each_other_lack_nothing(tmp_path: Path) -> None:
    for one, other in (("left", "right"), ("right", "left")):
        text = f"from {one}_module_of_agent import turn\n"
        (tmp_path / f"{other}_module_of_agent.py").write_text(text, encoding="utf-8")
    code = f"import sys\nsys.path.append({str(tmp_path)!r})\nimport left_module_of_agent"

    report = run(code, tmp_path)

    assert report["missing"] is None
    assert "circular import" in report["text"]


def test_an_example_that_mlflow_refuses_was_never_asked(tmp_path: Path) -> None:
    agent: dict[str, Any] = {}
    exec(compile(HINTED, str(tmp_path / "agent.py"), "exec"), agent)

    def step_of(example: object) -> str:
        calls = AgentCalls()
        calls.begin("predict", agent["predict"])
        error = raised(lambda: agent["predict"](example))
        step: str = failures.report(error, {"agent_folders": [f"{tmp_path}/"]}, calls)["step"]
        return step

    assert step_of({"question": "Why?"}) == "example"
    assert step_of(["Why?"]) == "predict"


@pytest.mark.parametrize("model", [None, {"a": 1}, "agent.py"])
def test_an_object_that_mlflow_cant_log_is_a_mistake(model: object) -> None:
    calls = AgentCalls()
    with calls.followed(ask=True):
        error = raised(lambda: mlflow.models.set_model(model))

    report = failures.report(error, {"agent_folders": []}, calls)

    assert report["mistake"] == ["object", type(model).__name__]


@pytest.mark.parametrize(
    ("code", "package", "name"),
    [
        ("import packaging.lockfiles", "packaging", None),
        ("from packaging import lockfiles", "packaging", "lockfiles"),
        ("from packaging.version import Edition", "packaging", "Edition"),
        ("from yaml import nothing", "PyYAML", "nothing"),
        ("import databricks.vector_search_of_nobody", None, None),
        ("import google.cloud_of_nobody", None, None),
        ("import nowhere_to_be_found", None, None),
        ("import nowhere_to_be_found.inner", None, None),
    ],
)
def test_an_import_lacks_a_package_or_another_version_of_one(
    code: str, package: str | None, name: str | None, tmp_path: Path
) -> None:
    missing = run(code, tmp_path)["missing"]

    assert missing.get("package") == package
    assert missing["name"] == name


def test_what_a_package_imports_is_not_laid_at_the_agents_door(tmp_path: Path) -> None:
    own = run("import packaging.lockfiles", tmp_path)["missing"]
    of_package = "import jinja2.utils\njinja2.utils.import_string('packaging.lockfiles.name')"

    assert not own["by_package"]
    assert run(of_package, tmp_path)["missing"]["by_package"]


def test_who_requires_the_package_is_named_through_any_number_of_steps(tmp_path: Path) -> None:
    missing = run("from packaging import lockfiles", tmp_path)["missing"]

    assert {"mlflow-skinny", "mlflow"} <= set(missing["required_by"])
