"""Own classes that are named like Databricks' ones."""

import mlflow
from fakes import GenieAgent, UCFunctionToolkit


class ChatDatabricks:
    """Not the one of databricks-langchain."""

    def __init__(self, endpoint: str):
        self.endpoint = endpoint

    def invoke(self, text: str) -> str:
        return text.upper()


class VectorSearchRetrieverTool:
    def __init__(self, index_name: str):
        self.index_name = index_name


class WorkspaceClient:
    """A client of a shared office, not of a workspace."""

    def book(self, desk: str) -> str:
        return desk


llm = ChatDatabricks(endpoint="shouting")
tool = VectorSearchRetrieverTool(index_name="a.b.c")
genie = GenieAgent(genie_space_id="01f0a1b2c3d4e5f60718293a4b5c6d7e")
toolkit = UCFunctionToolkit(function_names=["a.b.f"])


class OwnModel(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [llm.invoke(str(model_input)), WorkspaceClient().book("window")]


mlflow.models.set_model(OwnModel())
