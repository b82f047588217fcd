"""llama-index: Databricks LLM, embeddings, and UC functions as tools."""

import os

import mlflow
from llama_index.core import Settings
from llama_index.core.agent import ReActAgent
from llama_index.embeddings.databricks import DatabricksEmbedding
from llama_index.llms.databricks import Databricks
from unitycatalog.ai.core.databricks import DatabricksFunctionClient
from unitycatalog.ai.llama_index.toolkit import UCFunctionToolkit

HOST = os.environ["DATABRICKS_HOST"]

Settings.llm = Databricks(  # uses: serving_endpoint databricks-meta-llama-3-3-70b-instruct
    model="databricks-meta-llama-3-3-70b-instruct",
    api_key=os.environ["DATABRICKS_TOKEN"],
    api_base=f"{HOST}/serving-endpoints",
)
Settings.embed_model = DatabricksEmbedding(  # uses: serving_endpoint databricks-bge-large-en
    "databricks-bge-large-en"
)

functions = DatabricksFunctionClient()
CATALOG, SCHEMA = "energy", "grid"
toolkit = UCFunctionToolkit(  # uses: function energy.grid.forecast; function energy.grid.outages
    function_names=[f"{CATALOG}.{SCHEMA}.forecast", f"{CATALOG}.{SCHEMA}.outages"],
    client=functions,
)


class GridModel(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.agent = ReActAgent(tools=toolkit.tools, llm=Settings.llm)

    def predict(self, context, model_input, params=None):
        current = functions.execute_function(  # uses: function energy.grid.load_now
            "energy.grid.load_now", {}
        )
        return str(self.agent.run(f"load {current.value}: {model_input}"))


mlflow.models.set_model(GridModel())
