"""Retrieval on behalf of the user, in the style of the documentation's end-to-end example."""

import json

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.vector_search.client import VectorSearchClient
from databricks.vector_search.utils import CredentialStrategy
from databricks_ai_bridge import ModelServingUserCredentials
from databricks_openai import VectorSearchRetrieverTool
from mlflow.models.auth_policy import AuthPolicy, SystemAuthPolicy, UserAuthPolicy
from mlflow.models.resources import DatabricksServingEndpoint
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse

LLM_ENDPOINT = "databricks-claude-sonnet-4"
INDEX = "prod.agents.docs"

# What the driver notebook logs the agent with: a declaration, not a use.
AUTH_POLICY = AuthPolicy(
    system_auth_policy=SystemAuthPolicy(
        resources=[DatabricksServingEndpoint(endpoint_name=LLM_ENDPOINT)]
    ),
    user_auth_policy=UserAuthPolicy(api_scopes=["model-serving", "vector-search"]),
)


class UserRetrieverAgent(ResponsesAgent):
    def __init__(self):
        self.system_client = WorkspaceClient()
        self.openai = self.system_client.serving_endpoints.get_open_ai_client()

    def _tools(self):
        user_client = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
        tools = []
        try:
            tools.append(
                VectorSearchRetrieverTool(  # uses: vector_search_index prod.agents.docs (user)
                    index_name=INDEX,
                    tool_description="Documentation that the user may read",
                    workspace_client=user_client,
                )
            )
        except PermissionError:
            print("skipped: the user may not read the index")
        return tools

    def _count(self) -> int:
        client = VectorSearchClient(
            credential_strategy=CredentialStrategy.MODEL_SERVING_USER_CREDENTIALS
        )
        index = client.get_index(  # uses: vector_search_index prod.agents.docs (user)
            index_name=INDEX
        )
        return index.describe()["status"]["indexed_row_count"]

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        tools = self._tools()
        question = request.input[-1].content
        documents = [tool.execute(query=question) for tool in tools]
        answer = self.openai.chat.completions.create(  # uses: serving_endpoint databricks-claude-sonnet-4
            model=LLM_ENDPOINT,
            messages=[{"role": "user", "content": f"{json.dumps(documents)}\n{question}"}],
        )
        text = f"{answer.choices[0].message.content} (of {self._count()} rows)"
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


mlflow.models.set_model(UserRetrieverAgent())
