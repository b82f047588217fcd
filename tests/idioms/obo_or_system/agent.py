"""A helper with an optional client: called as the user here, as the system there."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_ai_bridge import ModelServingUserCredentials
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool
from databricks_langchain.genie import GenieAgent
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse

SPACE = "01f0998877665544332211ffeeddccbb"
llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4
    endpoint="databricks-claude-sonnet-4"
)


def genie(client: WorkspaceClient | None = None):
    return GenieAgent(  # uses: genie_space 01f0998877665544332211ffeeddccbb; genie_space 01f0998877665544332211ffeeddccbb (user)
        SPACE, client=client or WorkspaceClient()
    )


def retriever(index_name: str, *, workspace_client: WorkspaceClient):
    return VectorSearchRetrieverTool(  # uses: vector_search_index prod.kb.internal (user)
        index_name=index_name, workspace_client=workspace_client
    )


public_genie = genie()


class MixedAgent(ResponsesAgent):
    def _user(self) -> WorkspaceClient:
        return WorkspaceClient(credentials_strategy=ModelServingUserCredentials())

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        user = self._user()
        own_genie = genie(user)
        internal = retriever("prod.kb.internal", workspace_client=user)
        question = request.input[-1].content
        found = [internal.invoke(question), own_genie.invoke(question), public_genie.invoke("a")]
        text = llm.invoke(str(found)).content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


mlflow.models.set_model(MixedAgent())
