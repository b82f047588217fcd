"""MCP servers that are not on Databricks, or started here."""

import mlflow
from agents.mcp import MCPServerStdio, MCPServerStreamableHttp
from langchain_mcp_adapters.client import MultiServerMCPClient
from mcp.client.streamable_http import streamablehttp_client

docs = MCPServerStreamableHttp(params={"url": "https://mcp.example.com/mcp"}, name="docs")
files = MCPServerStdio(params={"command": "npx", "args": ["-y", "server-filesystem", "."]})
client = MultiServerMCPClient(
    {
        "weather": {"transport": "streamable_http", "url": "http://localhost:8000/mcp"},
        "maths": {"transport": "stdio", "command": "python", "args": ["maths_server.py"]},
    }
)


async def tools():
    async with streamablehttp_client("https://api.example.com/genie/mcp") as (read, write, _):
        return [read, write, *await client.get_tools()]


class Other(mlflow.pyfunc.PythonModel):
    async def predict(self, context, model_input, params=None):
        return [docs.name, files.name, await tools()]


mlflow.models.set_model(Other())
