"""What the code uses is found, looked up and reported, whichever library it is of."""

import pytest

from doubles.databricks import Workspace
from tests.integration.conftest import Checkout

pytestmark = pytest.mark.exhaustive

# It answers by itself: what it would ask is in functions that its tools are.
AGENT = """
import os

import mlflow
import requests

HOST = os.environ.get("DATABRICKS_HOST", "")
SERVICES = f"{HOST}/ai-gateway/mcp-services"


def tickets(text):
    return requests.post(f"{SERVICES}/prod.mcp.tickets", json={"text": text}, timeout=9).text


def claims(text):
    return requests.post("https://claims-1234.aws.databricksapps.com/mcp", timeout=9).text


def memory(text):
    from databricks.sdk import WorkspaceClient

    endpoint = "projects/shop/branches/main/endpoints/primary"
    return WorkspaceClient().postgres.generate_database_credential(endpoint=endpoint).token


def figures(text):
    return requests.post(f"{HOST}/api/2.0/mcp/genie", json={"text": text}, timeout=9).text


def handbook(text):
    with open("/Volumes/prod/docs/files/handbook.txt") as file:
        return file.read()


def elsewhere(text):
    from databricks.sdk import WorkspaceClient

    other = WorkspaceClient(host="https://other-team.cloud.databricks.com", token="x")
    return other.serving_endpoints.query("of-another-team", inputs=[text])


def orders(text):
    from databricks.sdk import WorkspaceClient

    return WorkspaceClient().statement_execution.execute_statement(
        statement="SELECT * FROM prod.sales.orders", warehouse_id="4b9c1f2e3d5a6b7c"
    )


class Desk(mlflow.pyfunc.PythonModel):
    tools = [tickets, claims, memory, figures, handbook, elsewhere, orders]

    def predict(self, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]


mlflow.models.set_model(Desk())
"""
DECLARED = """\
api_version: "1"
databricks:
  app:
    - name: claims
  sql_warehouse:
    - name: 4b9c1f2e3d5a6b7c
"""


@pytest.fixture
def desk(checkout: Checkout, databricks: Workspace) -> Checkout:
    """An agent that uses much, in a workspace that has it all."""
    databricks.resources.add("mcp_service", "prod.mcp.tickets")
    databricks.resources.add("app", "claims")
    databricks.resources.add("lakebase_project", "projects/shop/branches/main/endpoints/primary")
    databricks.resources.add("volume", "prod.docs.files")
    databricks.resources.add("sql_warehouse", "4b9c1f2e3d5a6b7c")
    databricks.resources.add("table", "prod.sales.orders")
    checkout.write("input_example.json", '["hello"]')
    return checkout


def test_what_can_be_declared_is_an_error_and_what_cannot_a_notice_with_its_grant(
    desk: Checkout, databricks: Workspace
) -> None:
    desk.write("resources.yml", DECLARED)

    step = desk.run(AGENT, mode="preview", env=databricks.env)

    (error,) = step.commands("error")
    assert f"file={desk.name}/agent.py,line=45" in error
    assert "the table `prod.sales.orders`, which is not declared" in error
    notices = " ".join(step.commands("notice"))
    assert "the MCP service `prod.mcp.tickets` is used, and can't be declared" in notices
    assert "Give a service principal `EXECUTE` on it" in notices
    assert "the managed MCP server `/api/2.0/mcp/genie` is used" in notices
    assert "the Lakebase project `projects/shop/branches/main/endpoints/primary` is used" in notices
    assert "the volume `prod.docs.files` is used" in notices
    assert "the other workspace `other-team.cloud.databricks.com` is used" in notices
    assert "of-another-team" not in step.summary


def test_the_report_shows_them_with_what_the_workspace_says(
    desk: Checkout, databricks: Workspace
) -> None:
    table = "  table:\n    - name: prod.sales.orders\n"
    desk.write("resources.yml", DECLARED + table)

    step = desk.run(AGENT, mode="preview", env=databricks.env)

    assert step.status == 0, step.log
    rows = [line for line in step.summary.splitlines() if line.startswith("| ")]
    (service,) = [row for row in rows if "prod.mcp.tickets" in row]
    assert service.split(" | ")[1:] == [
        "MCP service",
        "the agent",
        "*can't be*",
        "✓",
        "",
        "found |",
    ]
    (app,) = [row for row in rows if "claims" in row and "app" in row]
    assert app.split(" | ")[1:] == ["app", "the agent", "✓", "✓", "", "found |"]
    assert "`projects/shop/branches/main/endpoints/primary`" in step.summary
