"""External services through connections: http_request, MCP, and the proxy."""

import json

import mlflow
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.serving import ExternalFunctionRequestHttpMethod
from databricks_openai import DatabricksOpenAI, McpServerToolkit
from langchain_core.tools import tool

SLACK = "slack_connection"

w = WorkspaceClient()


@tool
def post_message(text: str) -> str:
    """Post to the channel."""
    response = w.serving_endpoints.http_request(  # uses: uc_connection slack_connection
        conn=SLACK,
        method=ExternalFunctionRequestHttpMethod.POST,
        path="/api/chat.postMessage",
        json={"channel": "alerts", "text": text},
    )
    return response.text


@tool
def weather(city: str) -> str:
    """What the weather is."""
    answer = WorkspaceClient().serving_endpoints.http_request(  # uses: uc_connection weather_api
        "weather_api", ExternalFunctionRequestHttpMethod.GET, f"/v1/{city}"
    )
    return json.dumps(answer.json())


@tool
def invoice(number: str) -> str:
    """Fetch an invoice."""
    return requests.get(  # uses: uc_connection billing
        f"{w.config.host}/api/2.0/unity-catalog/connections/billing/proxy/invoices/{number}",
        headers=w.config.authenticate(),
        timeout=10,
    ).text


tickets = McpServerToolkit(  # uses: uc_connection jira_mcp
    url=f"{w.config.host}/api/2.0/mcp/external/jira_mcp", name="jira"
)
client = DatabricksOpenAI(workspace_client=w)


class Office(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        specs = [t.spec for t in tickets.get_tools()]
        return client.chat.completions.create(  # uses: serving_endpoint databricks-gpt-5
            model="databricks-gpt-5", messages=model_input, tools=specs
        )


mlflow.models.set_model(Office())
