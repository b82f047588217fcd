"""A toolkit and an MCP client that pass the user on; the client goes through parameters."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_ai_bridge import ModelServingUserCredentials
from databricks_langchain import ChatDatabricks, DatabricksFunctionClient, UCFunctionToolkit
from databricks_mcp import DatabricksMCPClient
from langgraph.prebuilt import create_react_agent
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


def functions_for(client: WorkspaceClient) -> list:
    functions = DatabricksFunctionClient(client=client)
    toolkit = UCFunctionToolkit(  # uses: function hr.tools.vacation_days (user); function hr.tools.payslip (user)
        function_names=["hr.tools.vacation_days", "hr.tools.payslip"], client=functions
    )
    return toolkit.tools


def connection_tools(client: WorkspaceClient) -> list:
    server = f"{client.config.host}/api/2.0/mcp/external/jira"
    mcp = DatabricksMCPClient(server, client)  # uses: uc_connection jira (user)
    return mcp.list_tools()


class HrAgent(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        user = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
        llm = ChatDatabricks(  # uses: serving_endpoint hr-chat (user)
            model="hr-chat", workspace_client=user
        )
        agent = create_react_agent(llm, functions_for(user) + connection_tools(user))
        result = agent.invoke({"messages": [i.model_dump() for i in request.input]})
        text = result["messages"][-1].content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


mlflow.models.set_model(HrAgent())
