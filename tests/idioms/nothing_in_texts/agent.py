"""Calls in comments, docstrings, prompts and other strings only.

Example:
    >>> llm = ChatDatabricks(endpoint="databricks-claude-sonnet-4")
    >>> w.serving_endpoints.query(name="databricks-claude-sonnet-4")
"""

import logging

import mlflow

# llm = ChatDatabricks(endpoint="databricks-llama-4-maverick")
# retriever = VectorSearchRetrieverTool(index_name="a.b.c")
PROMPT = """You write code for Databricks. For instance:
from databricks_langchain import ChatDatabricks
llm = ChatDatabricks(endpoint="databricks-gpt-5")
"""
URL = "https://acme.cloud.databricks.com/serving-endpoints"
CODE = "UCFunctionToolkit(function_names=['main.tools.add'])"


def run_later(warehouse_id: str = "4b9c1f2e3d5a6b7c") -> str:
    """Would call w.statement_execution.execute_statement(warehouse_id=warehouse_id)."""
    logging.getLogger(__name__).info("GenieAgent('01f0a1b2c3d4e5f60718293a4b5c6d7e')")
    return f"{warehouse_id}: {CODE}"


class Teacher(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return PROMPT + run_later() + f"ChatDatabricks(endpoint='{model_input}') on {URL}"


mlflow.models.set_model(Teacher())
