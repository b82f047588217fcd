"""databricks-dspy: its own model class and retriever."""

import databricks_dspy
import dspy
import mlflow
from databricks.sdk import WorkspaceClient
from databricks_dspy import DatabricksRM

w = WorkspaceClient()
lm = databricks_dspy.DatabricksLM(  # uses: serving_endpoint databricks-llama-4-maverick
    "databricks/databricks-llama-4-maverick", workspace_client=w
)
rm = DatabricksRM(  # uses: vector_search_index geo.maps.places
    "geo.maps.places", columns=["name"], k=2
)
dspy.configure(lm=lm, rm=rm)


class Places(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return dspy.Predict("places, question -> answer")(
            places=rm(str(model_input)), question=str(model_input)
        ).answer


mlflow.models.set_model(Places())
