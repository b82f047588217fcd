"""One of several names: a conditional expression, if and else, match, `or`."""

import os

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool

IS_PROD = os.environ.get("STAGE") == "prod"

LLM = "databricks-claude-opus-4-1" if IS_PROD else "databricks-claude-haiku-4-5"
llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-opus-4-1; serving_endpoint databricks-claude-haiku-4-5
    endpoint=LLM
)

if IS_PROD:
    INDEX = "prod.kb.articles"
else:
    INDEX = "dev.kb.articles"
retriever = VectorSearchRetrieverTool(  # uses: vector_search_index prod.kb.articles; vector_search_index dev.kb.articles
    index_name=INDEX
)

WAREHOUSES = {"eu": "4b9c1f2e3d5a6b7c", "us": "0a1b2c3d4e5f6071"}


class RegionModel(mlflow.pyfunc.PythonModel):
    space: str | None = None

    def predict(self, context, model_input, params=None):
        w = WorkspaceClient()
        region = params["region"]
        w.statement_execution.execute_statement(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c; sql_warehouse 0a1b2c3d4e5f6071
            statement="SELECT 1", warehouse_id=WAREHOUSES["eu" if region == "eu" else "us"]
        )
        match region:
            case "eu":
                connection = "crm_eu"
            case _:
                connection = "crm_us"
        return w.connections.get(  # uses: uc_connection crm_eu; uc_connection crm_us
            connection
        ).name


mlflow.models.set_model(RegionModel())
