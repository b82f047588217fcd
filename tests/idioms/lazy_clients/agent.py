"""Clients made when they are first needed: cached_property, a module's global, lru_cache."""

from functools import cached_property, lru_cache

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.vector_search.client import VectorSearchClient
from databricks_openai import DatabricksOpenAI

_workspace: WorkspaceClient | None = None


def workspace() -> WorkspaceClient:
    global _workspace
    if _workspace is None:
        _workspace = WorkspaceClient()
    return _workspace


@lru_cache(maxsize=1)
def index():
    return VectorSearchClient().get_index(  # uses: vector_search_index games.wiki.rules
        index_name="games.wiki.rules"
    )


class LazyModel(mlflow.pyfunc.PythonModel):
    endpoint = "databricks-gemma-3-12b"

    @cached_property
    def client(self) -> DatabricksOpenAI:
        return DatabricksOpenAI(workspace_client=self.workspace)

    @property
    def workspace(self) -> WorkspaceClient:
        return workspace()

    def ask(self, **request):
        return self.client.chat.completions.create(  # uses: serving_endpoint databricks-gemma-3-12b
            model=self.endpoint, **request
        )

    def predict(self, context, model_input, params=None):
        rules = index().similarity_search(columns=["text"], query_text=str(model_input))
        log = self.workspace.tables.exists(  # uses: table games.logs.questions
            "games.logs.questions"
        )
        ratings = workspace().serving_endpoints.query(  # uses: serving_endpoint ratings
            name="ratings", inputs=[1]
        )
        return [self.ask(messages=[{"role": "user", "content": str(rules)}]), log, ratings]


mlflow.models.set_model(LazyModel())
