"""SQL for other databases: three levels there are no tables of Unity Catalog."""

import sqlite3

import duckdb
import mlflow
import psycopg
import snowflake.connector
from google.cloud import bigquery
from langchain_core.prompts import PromptTemplate
from sqlalchemy import create_engine, text

engine = create_engine("postgresql+psycopg://x@localhost/shop")
prompt = PromptTemplate.from_template("Select the best of {names} from {shop}")


class OtherSql(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        snow = snowflake.connector.connect(user="x").cursor()
        rows = snow.execute("SELECT * FROM shop.public.orders").fetchall()
        big = bigquery.Client().query("SELECT * FROM shop.sales.orders")
        lite = sqlite3.connect(":memory:").execute("SELECT * FROM a.b.c")
        duck = duckdb.sql("SELECT * FROM a.b.c")
        with engine.connect() as connection, psycopg.connect("") as other:
            one = connection.execute(text("SELECT * FROM shop.public.orders"))
            two = other.execute("SELECT * FROM shop.public.orders")
        return [rows, big, lite, duck, one, two, prompt]


mlflow.models.set_model(OtherSql())
