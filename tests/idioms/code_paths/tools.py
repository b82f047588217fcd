"""Tools; the client is made when a tool is called."""

import settings
from databricks.sdk import WorkspaceClient
from databricks_langchain import UCFunctionToolkit
from langchain_core.tools import tool

_toolkit = UCFunctionToolkit(  # uses: function prod.support.open_ticket
    function_names=[f"{settings.CATALOG}.support.open_ticket"]
)
TOOLS = _toolkit.tools


@tool
def lookup(customer: str) -> str:
    """Look up a customer."""
    response = WorkspaceClient().statement_execution.execute_statement(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c; table prod.crm.customers
        statement=f"SELECT * FROM prod.crm.customers WHERE name = '{customer}'",
        warehouse_id=settings.Settings.WAREHOUSE_ID,
    )
    return str(response.result)
