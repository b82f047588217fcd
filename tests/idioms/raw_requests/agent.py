"""REST by hand: the SDK's api_client.do, and requests."""

import os

import mlflow
import requests
from databricks.sdk import WorkspaceClient

ENDPOINT = "pricing"
SPACE = "01f0998877665544332211ffeeddccbb"
w = WorkspaceClient()


def start(question: str) -> dict:
    return w.api_client.do(  # uses: genie_space 01f0998877665544332211ffeeddccbb
        method="POST",
        path=f"/api/2.0/genie/spaces/{SPACE}/start-conversation",
        body={"content": question},
    )


def similar(text: str) -> dict:
    return w.api_client.do(  # uses: vector_search_index shop.search.items
        "POST",
        "/api/2.0/vector-search/indexes/shop.search.items/query",
        body={"query_text": text, "columns": ["id"]},
    )


class RestModel(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        price = w.api_client.do(  # uses: serving_endpoint pricing
            "POST", f"/serving-endpoints/{ENDPOINT}/invocations", body={"inputs": model_input}
        )
        host = os.environ["DATABRICKS_HOST"]
        raw = requests.post(  # uses: serving_endpoint stock-forecast
            f"https://{host}/serving-endpoints/stock-forecast/invocations",
            headers={"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}"},
            json={"inputs": model_input},
            timeout=60,
        )
        return [price, raw.json(), start("a"), similar("b")]


mlflow.models.set_model(RestModel())
