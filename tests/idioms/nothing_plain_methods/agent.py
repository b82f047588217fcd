"""Methods called get, query, do, index, include, connect: of dictionaries, frames, routers."""

import sqlite3

import mlflow
import pandas as pd
import requests
from fastapi import APIRouter, FastAPI

app = FastAPI()
router = APIRouter()
app.include_router(router)

prices = {"apps": 1, "tables": 2}
tables = pd.DataFrame({"name": ["a"], "warehouse_id": ["4b9c1f2e3d5a6b7c"]})
connection = sqlite3.connect(":memory:")


class Shop(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        found = tables.query("name == 'a'")
        known = prices.get("apps") or prices.get("main.shop.tables", 0)
        reply = requests.get("https://api.example.com/serving-endpoints", timeout=5)
        position = ["a", "b"].index("b")
        rows = connection.execute("SELECT 1").fetchall()
        settings = {"endpoint": "databricks-gpt-5", "index_name": "a.b.c"}
        return [found, known, reply.status_code, position, rows, settings.get("endpoint")]


mlflow.models.set_model(Shop())
