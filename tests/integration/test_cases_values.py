"""What the code uses by settings that are put together, and what serving would not forgive."""

import pytest

from doubles.runner import PULL_REQUEST
from tests.integration.conftest import ECHO, Checkout

pytestmark = pytest.mark.exhaustive

FOR_THE_USER = """
    def client(self):
        return WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
"""


def test_pitfalls_of_serving_are_warnings_at_their_lines(checkout: Checkout) -> None:
    head = (
        "import mlflow\n"
        "from databricks.sdk import WorkspaceClient\n"
        "from databricks.sdk.credentials_provider import ModelServingUserCredentials\n"
        "mlflow.set_experiment('served')\n"
    )
    agent = head + ECHO.replace("\n\nmlflow.models", f"{FOR_THE_USER}\n\nmlflow.models")
    step = checkout.run(agent, event=PULL_REQUEST, mode="preview")

    file = f"file={checkout.name}/agent.py"
    assert step.status == 0, step.log
    (experiment,) = [line for line in step.log.splitlines() if "Unable to load OAuth" in line]
    assert f"::warning {file},line=4" in experiment
    (bridge,) = [line for line in step.log.splitlines() if "has no `databricks-ai-bridge`" in line]
    assert (
        f"::warning {file},line={agent[: agent.index('return Work')].count(chr(10)) + 1}" in bridge
    )
