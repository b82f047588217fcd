"""Requests by hand with the standard library, httpx2, and a session that is handed in."""

import json
import urllib.request
from urllib.request import Request, urlopen

import aiohttp
import httpx2
import mlflow
from databricks.sdk import WorkspaceClient

HOST = WorkspaceClient().config.host


def price(item: str) -> dict:
    request = Request(  # uses: serving_endpoint pricing
        f"{HOST}/serving-endpoints/pricing/invocations",
        data=json.dumps({"inputs": [item]}).encode(),
    )
    with urlopen(request) as response:
        return json.load(response)


def chat(text: str) -> dict:
    return httpx2.post(  # uses: serving_endpoint databricks-gpt-5
        f"{HOST}/serving-endpoints/chat/completions",
        json={"model": "databricks-gpt-5", "messages": [{"role": "user", "content": text}]},
    ).json()


async def stock() -> dict:
    async with aiohttp.ClientSession(HOST) as own:
        return await own.post(  # uses: serving_endpoint stock
            "/serving-endpoints/stock/invocations"
        )


class ByHand(mlflow.pyfunc.PythonModel):
    async def predict(self, context, model_input, params=None):
        space = urllib.request.urlopen(  # uses: genie_space 01f0998877665544332211ffeeddccbb
            f"{HOST}/api/2.0/genie/spaces/01f0998877665544332211ffeeddccbb"
        )
        return [price("a"), chat("b"), space, await stock()]


mlflow.models.set_model(ByHand())
