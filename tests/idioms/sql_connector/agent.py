"""SQL through databricks-sql-connector and SQLDatabase."""

import os

import mlflow
from databricks import sql
from databricks.sql import connect
from langchain_community.utilities import SQLDatabase

WAREHOUSE = "4b9c1f2e3d5a6b7c"
HTTP_PATH = f"/sql/1.0/warehouses/{WAREHOUSE}"


class ConnectorModel(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        with (
            sql.connect(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c
                server_hostname=os.environ["DATABRICKS_HOST"],
                http_path=HTTP_PATH,
                access_token=os.environ["DATABRICKS_TOKEN"],
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT 1")
            rows = cursor.fetchall()
        second = connect(  # uses: sql_warehouse ?
            os.environ["DATABRICKS_HOST"], os.environ["DATABRICKS_HTTP_PATH"]
        )
        second.close()
        database = SQLDatabase.from_databricks(  # uses: sql_warehouse 0a1b2c3d4e5f6071
            catalog="samples", schema="nyctaxi", warehouse_id="0a1b2c3d4e5f6071"
        )
        days = database.run("SELECT day FROM prod.rides.days")  # uses: table prod.rides.days
        return [str(rows), days, database.run("SELECT count(*) FROM trips")]


mlflow.models.set_model(ConnectorModel())
