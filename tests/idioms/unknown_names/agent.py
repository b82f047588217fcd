"""Names that the code does not tell: environment, files, requests, widgets, answers."""

import json
import os
from pathlib import Path

import mlflow
import yaml
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks, DatabricksVectorSearch, UCFunctionToolkit
from databricks_langchain.genie import GenieAgent
from databricks_mcp import DatabricksMCPClient

settings = yaml.safe_load(Path("settings.yaml").read_text())
llm = ChatDatabricks(endpoint=os.environ["LLM_ENDPOINT"])  # uses: serving_endpoint ?
small = ChatDatabricks(endpoint=os.getenv("SMALL_ENDPOINT"))  # uses: serving_endpoint ?
store = DatabricksVectorSearch(settings["index"])  # uses: vector_search_index ?
functions = UCFunctionToolkit(  # uses: function ?
    function_names=json.loads(os.environ["FUNCTIONS"])
)
catalog = os.environ["CATALOG"]
reviews = DatabricksVectorSearch(  # uses: vector_search_index ?
    index_name=f"{catalog}.shop.reviews"
)
mcp = DatabricksMCPClient(  # uses: genie_space ?
    server_url=f"{os.environ['DATABRICKS_HOST']}/api/2.0/mcp/genie/{os.environ['SPACE']}"
)
half_known = UCFunctionToolkit(  # uses: function shop.tools.stock; function ?
    function_names=["shop.tools.stock", os.environ["EXTRA_FUNCTION"]]
)


class Unknown(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        w = WorkspaceClient()
        w.statement_execution.execute_statement(  # uses: sql_warehouse ?
            "SELECT 1", params["warehouse"]
        )
        space = next(iter(w.genie.list_spaces().spaces)).space_id
        genie = GenieAgent(space)  # uses: genie_space ?
        chosen = w.serving_endpoints.query(  # uses: serving_endpoint ?
            model_input["endpoint"], inputs=[1]
        )
        return [genie.invoke(model_input), chosen]


mlflow.models.set_model(Unknown())
