"""MCP clients of many libraries, handed the addresses of servers on Databricks."""

import mlflow
from crewai_tools import MCPServerAdapter
from databricks.sdk import WorkspaceClient
from databricks_langchain import DatabricksMCPServer, DatabricksMultiServerMCPClient, MCPServer
from fastmcp import Client as FastClient
from fastmcp.client.transports import StreamableHttpTransport
from llama_index.tools.mcp import BasicMCPClient, McpToolSpec
from mcp import Client
from openai import OpenAI
from pydantic_ai.mcp import MCPServerStreamableHTTP
from strands.tools.mcp import MCPClient
from mcp.client.streamable_http import streamablehttp_client

w = WorkspaceClient()
HOST = w.config.host
SERVICES = f"{HOST}/ai-gateway/mcp-services"

plain = MCPServer(  # uses: app mcp-claims
    name="claims", url="https://mcp-claims-1234567890123456.aws.databricksapps.com/mcp"
)
service = DatabricksMCPServer(  # uses: mcp_service system.ai.web_search
    name="web", url=f"{SERVICES}/system.ai.web_search", workspace_client=w
)
servers = DatabricksMultiServerMCPClient([plain, service])
genie_one = Client(  # uses: mcp_server /api/2.0/mcp/genie
    f"{HOST}/api/2.0/mcp/genie"
)
warehouse = FastClient(
    StreamableHttpTransport(  # uses: mcp_server /api/2.0/mcp/sql
        url=f"{HOST}/api/2.0/mcp/sql", headers=w.config.authenticate()
    )
)
pydantic_ai = MCPServerStreamableHTTP(  # uses: mcp_service prod.mcp.tickets
    url=f"{SERVICES}/prod.mcp.tickets"
)
crew = MCPServerAdapter(  # uses: function prod.tools.convert
    {
        "url": f"{HOST}/api/2.0/mcp/functions/prod/tools/convert",
        "transport": "streamable-http",
    }
)
spec = McpToolSpec(
    client=BasicMCPClient(  # uses: vector_search_index prod.kb.pages
        f"{HOST}/api/2.0/mcp/ai-search/prod/kb/pages"
    )
)
strands = MCPClient(
    lambda: streamablehttp_client(  # uses: uc_connection jira
        f"{HOST}/api/2.0/mcp/external/jira"
    )
)
openai = OpenAI()


class Clerk(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        answer = openai.responses.create(  # uses: genie_space 01f0998877665544332211ffeeddccbb
            model="gpt-5",
            input=model_input,
            tools=[
                {
                    "type": "mcp",
                    "server_label": "figures",
                    "server_url": "https://acme.cloud.databricks.com/api/2.0/mcp/genie/01f0998877665544332211ffeeddccbb",
                }
            ],
        )
        described = w.ai_gateway.get_mcp_service(  # uses: mcp_service prod.mcp.tickets
            "mcp-services/prod.mcp.tickets"
        )
        return [answer, described, servers, genie_one, warehouse, pydantic_ai, crew, spec, strands]


mlflow.models.set_model(Clerk())
