"""SQL through the statement execution API, with a loop that waits for the result."""

import json
import time

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import Disposition, Format, StatementState
from databricks_langchain import ChatDatabricks
from langchain_core.tools import StructuredTool
from langgraph.prebuilt import create_react_agent

WAREHOUSE_ID = "9f8e7d6c5b4a3928"
DONE = {StatementState.SUCCEEDED, StatementState.FAILED, StatementState.CANCELED}


class SqlRunner:
    """Runs statements on one warehouse."""

    def __init__(self, warehouse_id: str, workspace_client: WorkspaceClient | None = None):
        self._id = warehouse_id
        self._w = workspace_client or WorkspaceClient()

    def wake(self) -> None:
        if (
            self._w.warehouses.get(self._id).state.value  # uses: sql_warehouse 9f8e7d6c5b4a3928
            == "STOPPED"
        ):
            self._w.warehouses.start(id=self._id)  # uses: sql_warehouse 9f8e7d6c5b4a3928

    def run(self, query: str) -> str:
        """Run one statement and give the rows as JSON."""
        statement = (
            self._w.statement_execution.execute_statement(  # uses: sql_warehouse 9f8e7d6c5b4a3928
                statement=query,
                warehouse_id=self._id,
                catalog="factory",
                schema="sensors",
                disposition=Disposition.INLINE,
                format=Format.JSON_ARRAY,
                wait_timeout="10s",
            )
        )
        while statement.status.state not in DONE:
            time.sleep(1)
            statement = self._w.statement_execution.get_statement(statement.statement_id)
        return json.dumps(statement.result.data_array if statement.result else [])


runner = SqlRunner(WAREHOUSE_ID)
tool = StructuredTool.from_function(runner.run, name="sql", description="Runs Spark SQL")
llm = ChatDatabricks(  # uses: serving_endpoint databricks-dbrx-instruct
    endpoint="databricks-dbrx-instruct"
)
mlflow.models.set_model(create_react_agent(llm, [tool]))
