"""Statements of SQL, with what they name."""

import mlflow
import pandas as pd
import requests
from databricks import sql
from databricks.connect import DatabricksSession
from databricks.sdk import WorkspaceClient
from sqlalchemy import create_engine, text

WAREHOUSE = "4b9c1f2e3d5a6b7c"
w = WorkspaceClient()
spark = DatabricksSession.builder.getOrCreate()
engine = create_engine(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c
    f"databricks://token:x@acme.cloud.databricks.com:443?http_path=/sql/1.0/warehouses/{WAREHOUSE}"
)
ASK = """
    -- What is asked most often.
    WITH recent AS (SELECT * FROM prod.support.tickets WHERE day > :day)
    SELECT ai_query('databricks-claude-haiku-4-5', concat('Sum up: ', body)) FROM recent
"""


def search(question: str) -> list:
    with sql.connect(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c
        server_hostname="acme.cloud.databricks.com", http_path=f"/sql/1.0/warehouses/{WAREHOUSE}"
    ) as connection:
        cursor = connection.cursor()
        cursor.execute(  # uses: vector_search_index prod.support.docs_index
            "SELECT * FROM vector_search(index => 'prod.support.docs_index', query_text => %s)",
            [question],
        )
        return cursor.fetchall()


class Reporter(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        summary = w.statement_execution.execute_statement(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c; table prod.support.tickets; serving_endpoint databricks-claude-haiku-4-5
            statement=ASK, warehouse_id=WAREHOUSE
        )
        score = spark.sql(  # uses: function prod.tools.score; table prod.support.customers
            f"SELECT prod.tools.score(name) FROM prod.support.customers WHERE id = {model_input}"
        )
        frame = spark.table("prod.support.plans")  # uses: table prod.support.plans
        with engine.connect() as connection:
            orders = pd.read_sql(  # uses: table prod.sales.orders
                text("SELECT * FROM prod.sales.orders LIMIT 5"), connection
            )
        spark.sql("SELECT http_request(conn => 'crm', method => 'GET')")  # uses: uc_connection crm
        which = spark.sql(f"SELECT * FROM {params['table']}")  # uses: table ?
        rest = requests.post(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c; table prod.sales.returns
            f"{w.config.host}/api/2.0/sql/statements",
            json={"statement": "select id from prod.sales.returns", "warehouse_id": WAREHOUSE},
            timeout=10,
        )
        schema = spark.sql("SELECT * FROM prod.information_schema.tables")
        local = spark.sql("SELECT * FROM orders_of_today")
        return [summary, score, frame, orders, which, rest, schema, local, search("a")]


mlflow.models.set_model(Reporter())
