import io
import json

import pytest

from entrypoint.agent.build import Build
from entrypoint.registry.publication_result import Published
from entrypoint.report.result import Result, Stage
from entrypoint.runtime.errors import AgentFailure, Cancelled, Place, Problem
from entrypoint.runtime.log import PlainLog


def test_outputs_of_nothing_are_empty() -> None:
    outputs = Result().outputs

    assert set(outputs.values()) - {outputs["result"]} == {""}
    assert json.loads(outputs["result"])["published"]["model_uri"] == ""


def test_the_result_holds_everything() -> None:
    result = Result(
        mode="register",
        build=Build("pyfunc", "3.17.2", "3.11.7"),
        published=Published("1", "r", "models:/m-1", "prod.agents.support", "7"),
        problems=(Problem("größe", place=Place("a.py", 1)),),
    )

    content = json.loads(result.outputs["result"])

    assert content["build"] == {
        "flavor": "pyfunc",
        "mlflow_version": "3.17.2",
        "python_version": "3.11.7",
        "inferred": [],
        "answered": False,
        "requests": [],
        "prompts": [],
    }
    assert content["published"]["model_uri"] == "models:/prod.agents.support/7"
    assert content["problems"][0]["place"] == {"file": "a.py", "line": 1, "column": None}
    assert "größe" in result.outputs["result"]


@pytest.mark.parametrize(
    ("published", "uri"),
    [
        (Published(), ""),
        (Published(logged_model_uri="models:/m-1"), "models:/m-1"),
        (Published(logged_model_uri="models:/m-1", model_name="a.b.c"), "models:/m-1"),
        (Published("1", "r", "models:/m-1", "a.b.c", "7"), "models:/a.b.c/7"),
    ],
)
def test_the_model_uri_is_the_versions_else_the_logged_models(
    published: Published, uri: str
) -> None:
    assert Result(published=published).outputs["model-uri"] == uri


def test_a_stage_is_logged_and_timed() -> None:
    result, stream = Result(), io.StringIO()
    times = iter([10.0, 12.5])

    with result.stage("Build", PlainLog(stream), lambda: next(times)):
        pass

    assert result.stages == [Stage("Build", 2.5, passed=True)]
    assert stream.getvalue() == "\n== Build\nBuild: 2.5 s\n"


@pytest.mark.parametrize("error", [AgentFailure(Problem("x")), Cancelled(15), OSError()])
def test_a_stage_that_fails_is_noted_and_the_failure_goes_on(error: BaseException) -> None:
    result = Result()
    times = iter([10.0, 12.5])

    with (
        pytest.raises(type(error)),
        result.stage("Build", PlainLog(io.StringIO()), lambda: next(times)),
    ):
        raise error

    assert result.stages == [Stage("Build", 2.5, passed=False)]
