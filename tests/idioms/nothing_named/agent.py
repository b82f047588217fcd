"""Lists that are empty, and names that are None: nothing is used."""

import mlflow
from databricks_langchain import ChatDatabricks, UCFunctionToolkit
from mlflow.pyfunc import ResponsesAgent

config = mlflow.models.ModelConfig(development_config="config.yml")
FUNCTIONS: list[str] = []


def chat(endpoint=None):
    return ChatDatabricks(endpoint=endpoint)


class Agent(ResponsesAgent):
    def predict(self, request):
        chat()
        chat(None)
        UCFunctionToolkit(function_names=FUNCTIONS)
        UCFunctionToolkit(function_names=config.get("functions"))
        for name in list():
            chat(name)
        for name in config.get("functions"):
            UCFunctionToolkit(function_names=[name])
        return [ChatDatabricks(endpoint=config.get("judge")) for each in FUNCTIONS]


mlflow.models.set_model(Agent())
