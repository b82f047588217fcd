"""Clients on behalf of the user that are made too early: there is no user yet."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.vector_search.client import VectorSearchClient
from databricks.vector_search.utils import CredentialStrategy
from databricks_ai_bridge import ModelServingUserCredentials
from databricks_langchain import GenieAgent, VectorSearchRetrieverTool

USER_CLIENT = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())  # obo-at-load

retriever = VectorSearchRetrieverTool(  # uses: vector_search_index prod.agents.policies (user)
    index_name="prod.agents.policies", workspace_client=USER_CLIENT
)


class EagerAgent(mlflow.pyfunc.PythonModel):
    def __init__(self):
        strategy = ModelServingUserCredentials()
        self.user = WorkspaceClient(config=Config(credentials_strategy=strategy))  # obo-at-load
        self.genie = GenieAgent(  # uses: genie_space 01efcafe0123456789abcdef01234567 (user)
            "01efcafe0123456789abcdef01234567", client=self.user
        )

    def load_context(self, context):
        self.search = VectorSearchClient(  # obo-at-load
            credential_strategy=CredentialStrategy.MODEL_SERVING_USER_CREDENTIALS,
            disable_notice=True,
        )

    def predict(self, context, model_input, params=None):
        index = self.search.get_index(  # uses: vector_search_index prod.agents.faq (user)
            endpoint_name="shared", index_name="prod.agents.faq"
        )
        found = index.similarity_search(columns=["text"], query_text=str(model_input))
        late = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
        late.genie.get_space(  # uses: genie_space 01efcafe0123456789abcdef01234567 (user)
            "01efcafe0123456789abcdef01234567"
        )
        return [retriever.invoke(str(model_input)), found]


mlflow.models.set_model(EagerAgent())
