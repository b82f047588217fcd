"""Agents that read in a Databricks workspace while they load and answer."""

import pytest
import yaml

from doubles.databricks import Workspace
from doubles.runner import PULL_REQUEST
from tests.integration.conftest import PRINCIPAL, Checkout
from tests.integration.test_bad_input import the_error

pytestmark = pytest.mark.exhaustive

PROMPT = "main.agents.support_prompt"


def test_prompts_are_read_in_unity_catalog_and_recorded(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.prompts.add(PROMPT, "Say {{text}}.", "production")

    step = checkout.case("prompt-registry", env=databricks.env)

    assert step.status == 0, step.log
    assert '"text": "Say ' in step.result["verification"]["answer"]
    mlmodel = yaml.safe_load((checkout.model(step) / "MLmodel").read_text())
    assert mlmodel["prompts"] == [f"prompts:/{PROMPT}/1"]
    assert f"prompts:/{PROMPT}/1" in step.summary
    assert databricks.writes == []

    databricks.prompts.add(PROMPT, "Tell {{text}}.", "production")
    preview = checkout.case(
        "prompt-registry",
        mode="preview",
        event=PULL_REQUEST,
        env=databricks.env,
        if_unchanged="register",
    )

    assert preview.status == 0, preview.log
    (change,) = preview.result["comparison"]["prompts"]
    assert change == {"name": PROMPT, "before": "1", "after": "2"}


def test_prompts_are_read_while_the_agent_answers(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.prompts.add(PROMPT, "Say {{text}}.", "production")

    step = checkout.case("prompt-registry-predict", env=databricks.env)

    assert step.status == 0, step.log
    assert step.result["build"]["prompts"] == [f"prompts:/{PROMPT}/1"]
    assert databricks.writes == []


def test_a_prompt_that_is_not_there_is_told_at_its_line(
    checkout: Checkout, databricks: Workspace
) -> None:
    error = the_error(checkout.case("prompt-registry", env=databricks.env))

    assert f"file={checkout.name}/agent/agent.py,line=5" in error
    assert PROMPT in error


REGISTERS = """
import mlflow

mlflow.genai.register_prompt(name="main.agents.support_prompt", template="Say {{text}}.")
"""


def test_an_agent_writes_nothing_into_the_registry(
    checkout: Checkout, databricks: Workspace
) -> None:
    error = the_error(checkout.run(REGISTERS, env=databricks.env))

    assert "the registry is read-only" in error
    assert f"file={checkout.name}/agent.py,line=4" in error
    assert databricks.writes == []


def test_what_the_build_left_in_a_cache_hides_no_request(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.resources.add("serving_endpoint", "chat-small")
    databricks.inference.text = "[[ ## answer ## ]]\nAt nine.\n\n[[ ## completed ## ]]"
    checkout.write(
        "resources.yml",
        'api_version: "1"\ndatabricks:\n  serving_endpoint:\n    - name: chat-small\n',
    )

    step = checkout.case(
        "dspy-cache-hides-request", env={**databricks.env, "CHAT_ENDPOINT": "chat-small"}
    )

    assert step.status == 0, step.log
    asked = step.result["verification"]["requests"]
    assert any("chat-small" in (each["model"] or each["path"]) for each in asked)


def test_credentials_that_are_kept_from_the_agent_are_named(
    checkout: Checkout, databricks: Workspace
) -> None:
    error = the_error(
        checkout.case(
            "withheld-secret",
            env={
                "DATABRICKS_HOST": databricks.host,
                "DATABRICKS_CLIENT_ID": PRINCIPAL,
                "DATABRICKS_CLIENT_SECRET": databricks.oauth.secret(PRINCIPAL),
            },
        )
    )

    assert "log-agent keeps `DATABRICKS_CLIENT_SECRET` from the agent" in error
    assert f"file={checkout.name}/agent.py,line=" in error
    assert "SUPPORT_CLIENT_SECRET" in error
