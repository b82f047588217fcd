"""Databricks' classes in annotations, isinstance and TYPE_CHECKING only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool
from langchain_core.language_models.fake_chat_models import FakeListChatModel

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from openai import OpenAI


def describe(llm: ChatDatabricks | FakeListChatModel, client: OpenAI | None = None) -> str:
    if isinstance(llm, ChatDatabricks):
        return llm.model
    return type(llm).__name__


def resources(workspace: WorkspaceClient | None) -> list[type]:
    return [VectorSearchRetrieverTool] if workspace else []


llm = FakeListChatModel(responses=["a"])


class Typed(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [describe(llm), resources(None)]


mlflow.models.set_model(Typed())
