"""Wrappers that pass their keywords on."""

from typing import Any

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks

DEFAULTS = {"temperature": 0.0, "max_tokens": 500}


def chat_model(**overrides: Any) -> ChatDatabricks:
    return ChatDatabricks(**{**DEFAULTS, **overrides})  # uses: serving_endpoint law-chat


def query(name: str, **request: Any):
    return WorkspaceClient().serving_endpoints.query(  # uses: serving_endpoint law-ranker
        name, **request
    )


llm = chat_model(endpoint="law-chat", temperature=0.3)


class LawModel(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        ranked = query(name="law-ranker", dataframe_records=model_input)
        return llm.invoke(str(ranked.predictions)).content


mlflow.models.set_model(LawModel())
