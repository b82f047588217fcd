"""A PythonModel that reads the model config from its context."""

import mlflow
from databricks.sdk import WorkspaceClient


class ContextModel(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.endpoint = context.model_config["llm_endpoint"]
        self.workspace = WorkspaceClient()

    def predict(self, context, model_input, params=None):
        answer = self.workspace.serving_endpoints.query(  # uses: serving_endpoint databricks-gemini-2-5-flash
            name=self.endpoint, inputs=[model_input]
        )
        table = self.workspace.tables.get(  # uses: table ops.logs.answers
            full_name=context.model_config.get("answers_table")
        )
        return [answer.predictions, table.name]


mlflow.models.set_model(ContextModel())
