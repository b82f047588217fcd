"""What the endpoint needs, and in the job only the step gave."""

import json
from typing import Any

import pytest

from doubles.runner import Step
from tests.integration.conftest import Checkout

pytestmark = pytest.mark.exhaustive


def variables(step: Step) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(step.outputs["result"])["variables"]}


def test_variables_that_the_agent_reads_are_named(checkout: Checkout) -> None:
    step = checkout.case("endpoint-variables")

    assert step.status == 0, step.log
    assert json.loads(step.outputs["environment-variables"]) == ["PARTNER_TOKEN", "SUPPORT_INDEX"]
    found = variables(step)
    assert {name: each["has_default"] for name, each in found.items()} == {
        "PARTNER_TOKEN": False,
        "SUPPORT_INDEX": False,
        "SUPPORT_MODEL": True,
    }
    assert [name for name, each in found.items() if each["given"]] == ["SUPPORT_INDEX"]
    assert all(each["observed"] for each in found.values())
    assert found["SUPPORT_INDEX"]["place"]["line"] == 7
    assert "environment_vars" in step.summary
    assert "needs these environment variables: PARTNER_TOKEN, SUPPORT_INDEX" in step.log
    assert "::warning" not in step.log


AGENT = """
import os

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentResponse
from openai import OpenAI

import settings

client = OpenAI()


class Reader(ResponsesAgent):
    def predict(self, request):
        tone = os.environ[f"{settings.PREFIX}_TOKEN"]
        debug = os.environ["DEBUG_LEVEL"] if "DEBUG_LEVEL" in os.environ else "none"
        text = f"{settings.INDEX} {settings.MODEL} {len(tone)} {debug}"
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


mlflow.models.set_model(Reader())
"""
SETTINGS = """
import os

INDEX = os.environ.get("SUPPORT_INDEX", "main.agents.small")
MODEL = os.getenv("SUPPORT_MODEL", "databricks-claude-sonnet-4")
PREFIX = "vendor".upper()
"""
GIVEN = {
    "SUPPORT_INDEX": "main.agents.docs",
    "OPENAI_API_KEY": "sk-f00b4rb4zf00b4rb4z",
    "VENDOR_TOKEN": "f00-b4r-b4z-1234",
    "UNUSED_PASSWORD": "f00-b4r-b4z-5678",
    "LOG_LEVEL": "debug",
}


def test_variables_of_code_paths_and_libraries_are_named_and_their_values_are_not(
    checkout: Checkout,
) -> None:
    """Read by a module of the code paths, by a library, and by a made-up name in `predict`."""
    checkout.write("requirements.txt", "mlflow==3.17.2\nopenai==2.54.0\n")
    code_paths = checkout.write("settings.py", SETTINGS)

    step = checkout.run(
        AGENT,
        code_paths=code_paths,
        input_example='{"input": [{"role": "user", "content": "Hello?"}]}',
        env=GIVEN,
    )

    assert step.status == 0, step.log
    assert json.loads(step.outputs["environment-variables"]) == [
        "OPENAI_API_KEY",
        "SUPPORT_INDEX",
        "VENDOR_TOKEN",
    ]
    found = variables(step)
    assert {name: each["has_default"] for name, each in found.items()} == {
        "DEBUG_LEVEL": True,
        "OPENAI_API_KEY": None,
        "SUPPORT_INDEX": True,
        "SUPPORT_MODEL": True,
        "VENDOR_TOKEN": None,
    }
    assert found["SUPPORT_INDEX"]["place"] == {"file": code_paths, "line": 4, "column": 9}
    # Neither is a secret that it reads called unneeded, nor one that it doesn't read needed.
    assert "names: UNUSED_PASSWORD." in step.log.replace("`", "")
    for secret in ("f00b4rb4z", "f00-b4r"):
        assert secret not in step.summary + step.outputs["result"]
