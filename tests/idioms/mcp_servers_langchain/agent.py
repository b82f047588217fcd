"""MCP servers by the helpers of databricks-langchain, made for each request."""

import asyncio

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_ai_bridge import ModelServingUserCredentials
from databricks_langchain import (
    ChatDatabricks,
    DatabricksMCPServer,
    DatabricksMultiServerMCPClient,
)
from langgraph.prebuilt import create_react_agent
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse

CATALOG = "prod"
SCHEMA = "support"

llm = ChatDatabricks(model="databricks-gpt-5")  # uses: serving_endpoint databricks-gpt-5


async def build_graph(user: WorkspaceClient):
    system = WorkspaceClient()
    client = DatabricksMultiServerMCPClient(
        [
            DatabricksMCPServer.from_uc_function(  # uses: function prod.support.refund
                catalog=CATALOG,
                schema=SCHEMA,
                name="refunds",
                function_name="refund",
                workspace_client=system,
            ),
            DatabricksMCPServer.from_uc_function(  # uses: function prod.support.*
                CATALOG, SCHEMA, "all"
            ),
            DatabricksMCPServer.from_vector_search(  # uses: vector_search_index prod.support.tickets (user)
                CATALOG, SCHEMA, "tickets", "tickets", user
            ),
            DatabricksMCPServer(  # uses: vector_search_index prod.support.articles
                name="articles",
                url=f"{system.config.host}/api/2.0/mcp/ai-search/{CATALOG}/{SCHEMA}/articles",
            ),
        ]
    )
    return create_react_agent(llm, await client.get_tools())


class Support(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        user = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
        graph = asyncio.run(build_graph(user))
        result = graph.invoke({"messages": [i.model_dump() for i in request.input]})
        text = result["messages"][-1].content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


mlflow.models.set_model(Support())
