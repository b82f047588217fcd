"""Constants of classes: an Enum, class attributes, inherited ones."""

from enum import Enum, StrEnum

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool


class Endpoint(Enum):
    CHAT = "databricks-claude-sonnet-4"
    SUMMARY = "databricks-llama-4-maverick"


class Index(StrEnum):
    NEWS = "media.archive.news"


class Base(mlflow.pyfunc.PythonModel):
    WAREHOUSE = "9f8e7d6c5b4a3928"
    TOPIC_ENDPOINT = "generic-topics"


class NewsModel(Base):
    TOPIC_ENDPOINT = "news-topics"

    def __init__(self):
        self.chat = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4
            endpoint=Endpoint.CHAT.value
        )
        self.summary = ChatDatabricks(  # uses: serving_endpoint databricks-llama-4-maverick
            endpoint=Endpoint.SUMMARY.value
        )
        self.news = VectorSearchRetrieverTool(  # uses: vector_search_index media.archive.news
            index_name=Index.NEWS
        )
        self.w = WorkspaceClient()

    def topics(self, text: str):
        return self.w.serving_endpoints.query(  # uses: serving_endpoint news-topics
            name=self.TOPIC_ENDPOINT, dataframe_records=[{"text": text}]
        )

    def predict(self, context, model_input, params=None):
        self.w.statement_execution.execute_statement(  # uses: sql_warehouse 9f8e7d6c5b4a3928
            warehouse_id=NewsModel.WAREHOUSE, statement="SELECT 1"
        )
        return self.topics(str(model_input)).predictions


mlflow.models.set_model(NewsModel())
