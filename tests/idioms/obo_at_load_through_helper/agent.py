"""The client is made in a helper; the constructor calls it, so it is made at load all the same."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_ai_bridge.model_serving_obo_credential_strategy import (
    ModelServingUserCredentials,
)
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class WarehouseAgent(ResponsesAgent):
    WAREHOUSE = "0a1b2c3d4e5f6071"

    def __init__(self):
        self.client = self._connect()

    def _connect(self) -> WorkspaceClient:
        return WorkspaceClient(credentials_strategy=ModelServingUserCredentials())  # obo-at-load

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        result = self.client.statement_execution.execute_statement(  # uses: sql_warehouse 0a1b2c3d4e5f6071 (user)
            statement="SELECT current_user()", warehouse_id=self.WAREHOUSE
        )
        text = str(result.result.data_array)
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


mlflow.models.set_model(WarehouseAgent())
