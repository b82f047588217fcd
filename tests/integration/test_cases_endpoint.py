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
