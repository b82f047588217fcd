"""OpenAI Agents SDK with Databricks' client as the default and managed MCP servers."""

import asyncio

import mlflow
from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    Runner,
    function_tool,
    set_default_openai_api,
    set_default_openai_client,
)
from databricks.sdk import WorkspaceClient
from databricks_openai import AsyncDatabricksOpenAI
from databricks_openai.agents import McpServer
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse

MODEL = "databricks-claude-sonnet-4-5"

client = AsyncDatabricksOpenAI()
set_default_openai_client(client)
set_default_openai_api("chat_completions")
mlflow.openai.autolog()


@function_tool
def opening_hours(city: str) -> str:
    """When the branch in a city is open."""
    return "9-17" if city == "Bern" else "closed"


triage_model = OpenAIChatCompletionsModel(  # uses: serving_endpoint databricks-gpt-oss-120b
    model="databricks-gpt-oss-120b", openai_client=client
)
triage = Agent(name="triage", instructions="Say what it is about.", model=triage_model)


async def run(messages: list[dict]) -> str:
    ws = WorkspaceClient()
    async with (
        McpServer.from_uc_function(  # uses: function bank.tools.balance
            catalog="bank", schema="tools", function_name="balance", workspace_client=ws
        ) as functions,
        McpServer(  # uses: genie_space 01f0998877665544332211ffeeddccbb
            url=f"{ws.config.host}/api/2.0/mcp/genie/01f0998877665544332211ffeeddccbb",
            name="genie",
            workspace_client=ws,
            timeout=30.0,
        ) as genie,
    ):
        agent = Agent(  # uses: serving_endpoint databricks-claude-sonnet-4-5
            name="teller",
            instructions="You help customers of a bank.",
            model=MODEL,
            tools=[opening_hours],
            mcp_servers=[functions, genie],
            handoffs=[triage],
        )
        result = await Runner.run(agent, messages)
        return result.final_output


class TellerAgent(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        text = asyncio.run(run([i.model_dump() for i in request.input]))
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


mlflow.models.set_model(TellerAgent())
