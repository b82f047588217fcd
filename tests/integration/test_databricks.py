"""What a job asks of a Databricks workspace, and how often."""

import sys
from collections import Counter

import pytest

from doubles.databricks import Call, Workspace
from doubles.databricks.registry import Cloud
from doubles.runner import PULL_REQUEST
from tests.integration.conftest import ECHO, Checkout

pytestmark = pytest.mark.exhaustive

# Of a small agent: its files go up twice, once as a logged model and once as a version. The first
# register of all asks the preflight's questions about a catalog in which there is no model yet.
FILES = 8
REGISTER = 34
REUSE = 10
# Of another agent than the registered one. Three of them ask whether the login may write: the SDK's
# own first question, the model, and what its owner has granted.
PREVIEW = 13


# The program as in the image, which is without the clients of clouds.
WITHOUT_BOTO3 = (
    "import runpy, sys; sys.modules['boto3'] = None;"
    " runpy.run_module('entrypoint', run_name='__main__', alter_sys=True)"
)

# The program on a machine that is slow to import MLflow: it is still at it when the agent is built.
SLOW_IMPORT = """
import runpy, sys, time

slow = {"mlflow.models"}

def hook(event, arguments):
    if event == "import" and arguments[0] in slow:
        slow.clear()
        time.sleep(8)

sys.addaudithook(hook)
runpy.run_module("entrypoint", run_name="__main__", alter_sys=True)
"""


def is_file(call: Call) -> bool:
    return call.path.startswith("/api/2.0/fs/files/")


def test_a_register_asks_little_and_downloads_nothing(
    checkout: Checkout, databricks: Workspace
) -> None:
    given = {"tracking-uri": "databricks", "experiment": "/Shared/agents", "aliases": "champion"}

    step = checkout.run(given=given, env=databricks.env)

    assert step.status == 0, step.log
    files = [call for call in databricks.calls if is_file(call)]
    assert Counter(call.verb for call in files) == {"PUT": 2 * FILES}
    asked = [call for call in databricks.calls if not is_file(call)]
    assert len(asked) <= REGISTER, Counter(f"{call.verb} {call.path}" for call in asked)
    assert step.outputs["reused"] == "false"
    assert step.outputs["model-url"] == (
        f"{databricks.host}/explore/data/models/prod/agents/{checkout.name}/version/1?o={databricks.id}"
    )
    assert step.outputs["run-url"].startswith(f"{databricks.host}/ml/experiments/")

    before = len(databricks.calls)
    step = checkout.run(given=given, env=databricks.env)

    assert step.status == 0, step.log
    assert step.outputs["reused"] == "true"
    asked = databricks.calls[before:]
    assert [call for call in asked if call.writes] == []
    assert len(asked) <= REUSE, Counter(f"{call.verb} {call.path}" for call in asked)


def test_a_preview_writes_nothing(checkout: Checkout, databricks: Workspace) -> None:
    step = checkout.run(
        given={"tracking-uri": "databricks"}, env=databricks.env, event=PULL_REQUEST
    )

    assert step.status == 0, step.log
    assert databricks.writes == []


READER = "preview@example.com"


def reader(databricks: Workspace, model: str) -> dict[str, str]:
    """The variables of a principal that has what the warning says, and no more."""
    databricks.catalog.grant(READER, "prod", "USE_CATALOG")
    databricks.catalog.grant(READER, "prod.agents", "USE_SCHEMA")
    databricks.catalog.grant(READER, model, "EXECUTE")
    return {**databricks.env, "DATABRICKS_TOKEN": databricks.login.token(READER)}


def test_a_preview_warns_that_its_login_may_write(
    checkout: Checkout, databricks: Workspace
) -> None:
    given = {"tracking-uri": "databricks"}
    assert checkout.run(given=given, env=databricks.env).outputs["preview-can-write"] == ""

    for agent in (ECHO, ECHO.replace("text =", "text = 'Well, ' +")):  # the same, and another one
        step = checkout.run(agent, given=given, env=databricks.env, event=PULL_REQUEST)

        assert step.status == 0, step.log
        assert step.outputs["preview-can-write"] == "true"
        (warning,) = step.commands("warning")
        assert f"`ci@example.com`, may write `{checkout.target}`" in warning
        assert f"GRANT EXECUTE ON FUNCTION {checkout.target} TO `<application id" in warning
        assert "⚠️ may write the target" in step.summary
        assert step.result["preview_can_write"] is True


def test_a_preview_by_a_login_that_may_only_read_says_so(
    checkout: Checkout, databricks: Workspace
) -> None:
    given = {"tracking-uri": "databricks"}
    assert checkout.run(given=given, env=databricks.env).status == 0
    before = len(databricks.calls)

    step = checkout.run(
        ECHO.replace("text =", "text = 'Well, ' +"),
        given=given,
        env=reader(databricks, checkout.target),
        event=PULL_REQUEST,
    )

    assert step.status == 0, step.log
    asked = databricks.calls[before:]
    assert len(asked) <= PREVIEW, Counter(f"{call.verb} {call.path}" for call in asked)
    assert step.outputs["changed"] == "true", "the baseline was read"
    assert step.outputs["preview-can-write"] == "false"
    assert step.commands("warning") == []
    assert "may only read the target" in step.summary


def test_that_a_preview_may_write_is_known_when_its_agent_fails(
    checkout: Checkout, databricks: Workspace
) -> None:
    step = checkout.run(
        "raise RuntimeError('no')",
        given={"tracking-uri": "databricks"},
        env=databricks.env,
        event=PULL_REQUEST,
    )

    assert step.status == 1
    assert step.outputs["preview-can-write"] == "true"


def test_files_that_should_go_to_a_cloud_go_through_the_workspace_when_asked(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.registry.sdk_files = False
    databricks.registry.cloud = Cloud("bucket", "key", "secret", "token")
    checkout.runner.program = (sys.executable, "-I", "-c", WITHOUT_BOTO3)
    given = {"tracking-uri": "databricks", "verify": "off"}

    step = checkout.run(given=given, env=databricks.env)

    assert step.status == 1
    (error,) = step.commands("error")
    assert "brought to S3 directly" in error
    name = "MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC"
    assert f'{name}: "true"' in error

    step = checkout.run(given=given, env={**databricks.env, name: "true"})

    assert step.status == 0, step.log
    assert step.outputs["model-version"] == "1"


def test_mlflow_may_take_long_to_import(checkout: Checkout, databricks: Workspace) -> None:
    given = {"tracking-uri": "databricks", "if-unchanged": "register", "verify": "off"}
    assert checkout.run(given=given, env=databricks.env).status == 0
    checkout.runner.program = (sys.executable, "-I", "-c", SLOW_IMPORT)

    step = checkout.run(given=given, env=databricks.env)

    assert step.status == 0, step.log
    assert step.outputs["model-version"] == "2"
