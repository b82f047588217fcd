"""Tools of managed MCP servers, in the style of the LangGraph MCP notebook."""

import asyncio
from typing import Any

import mlflow
import nest_asyncio
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks
from databricks_mcp import DatabricksMCPClient, DatabricksOAuthClientProvider
from langchain_core.tools import BaseTool
from langgraph.prebuilt import create_react_agent
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse
from pydantic import create_model

nest_asyncio.apply()

LLM_ENDPOINT_NAME = "databricks-claude-sonnet-4-5"
llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4-5
    endpoint=LLM_ENDPOINT_NAME,
)

workspace_client = WorkspaceClient()
host = workspace_client.config.host

MANAGED_MCP_SERVER_URLS = [
    f"{host}/api/2.0/mcp/functions/system/ai/python_exec",
    f"{host}/api/2.0/mcp/genie/01f0a1b2c3d4e5f60718293a4b5c6d7e",
]
CUSTOM_MCP_SERVER_URLS: list[str] = []


class MCPTool(BaseTool):
    """One tool of a server."""

    server_url: str

    def __init__(self, name: str, description: str, args_schema: type, server_url: str):
        super().__init__(
            name=name, description=description, args_schema=args_schema, server_url=server_url
        )

    def _run(self, **kwargs: Any) -> str:
        # By super().__init__, which isn't followed: those of MANAGED_MCP_SERVER_URLS.
        mcp_client = DatabricksMCPClient(
            server_url=self.server_url, workspace_client=workspace_client
        )
        response = mcp_client.call_tool(self.name, kwargs)
        return "".join(c.text for c in response.content)


async def list_custom_tools(server_url: str):
    async with (
        streamablehttp_client(  # uses: uc_connection github_mcp
            url=server_url, auth=DatabricksOAuthClientProvider(workspace_client)
        ) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        return (await session.list_tools()).tools


def make_tools(ws: WorkspaceClient, urls: list[str]) -> list[MCPTool]:
    made = []
    for server_url in urls:
        client = DatabricksMCPClient(  # uses: function system.ai.python_exec; genie_space 01f0a1b2c3d4e5f60718293a4b5c6d7e
            server_url=server_url, workspace_client=ws
        )
        for spec in client.list_tools():
            schema = create_model(spec.name, **{k: (str, ...) for k in spec.inputSchema})
            made.append(MCPTool(spec.name, spec.description, schema, server_url))
    return made


tools = make_tools(workspace_client, MANAGED_MCP_SERVER_URLS + CUSTOM_MCP_SERVER_URLS)
github_tools = asyncio.run(list_custom_tools(f"{host}/api/2.0/mcp/external/github_mcp"))


class McpAgent(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        graph = create_react_agent(llm, tools)
        result = graph.invoke({"messages": [i.model_dump() for i in request.input]})
        text = result["messages"][-1].content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


mlflow.models.set_model(McpAgent())
