"""MCP clients that are not Databricks', pointed at managed servers by their URL."""

import mlflow
from agents import Agent, HostedMCPTool
from agents.mcp import MCPServerStreamableHttp
from databricks.sdk import WorkspaceClient
from databricks_mcp import DatabricksOAuthClientProvider
from langchain_mcp_adapters.client import MultiServerMCPClient

w = WorkspaceClient()
HOST = w.config.host
FUNCTIONS_URL = f"{HOST}/api/2.0/mcp/functions/main/tools/convert"

client = (
    MultiServerMCPClient(  # uses: function main.tools.convert; vector_search_index main.kb.pages
        {
            "functions": {
                "transport": "streamable_http",
                "url": FUNCTIONS_URL,
                "auth": DatabricksOAuthClientProvider(w),
            },
            "pages": {
                "transport": "streamable_http",
                "url": f"{HOST}/api/2.0/mcp/vector-search/main/kb/pages",
                "headers": w.config.authenticate(),
            },
            "elsewhere": {"transport": "streamable_http", "url": "https://mcp.example.com/mcp"},
        }
    )
)

space = MCPServerStreamableHttp(  # uses: genie_space 01efcafe0123456789abcdef01234567
    params={
        "url": "https://adb-1234567890123456.7.azuredatabricks.net/api/2.0/mcp/genie/01efcafe0123456789abcdef01234567",
        "headers": w.config.authenticate(),
    },
    name="genie",
)

schemas = MultiServerMCPClient(  # uses: function main.geo.*; function main.tax.*
    {each: {"url": f"{HOST}/api/2.0/mcp/functions/main/{each}"} for each in ("geo", "tax")}
)


class McpModel(mlflow.pyfunc.PythonModel):
    async def predict(self, context, model_input, params=None):
        tools = await client.get_tools()
        async with space as server:
            return [tools, schemas, await server.list_tools(), Agent, HostedMCPTool]


mlflow.models.set_model(McpModel())
