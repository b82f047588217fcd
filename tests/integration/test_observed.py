"""What is noted of the agent's requests to Databricks, by the real program and real libraries."""

import json

import pytest

from entrypoint.resources.observed import Request, uses
from tests.integration.conftest import Checkout
from tests.unit.agent.worker.test_request_observer import loopback

pytestmark = pytest.mark.exhaustive

QUESTION = '{"input": [{"role": "user", "content": "Hello?"}]}'
LIBRARIES = "aiohttp==3.14.5\nhttpx==0.28.1\nhttpx2==2.16.2\nopenai==2.54.0\n"
AGENT = """
import asyncio
import os

import mlflow
import requests
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse

HOST = os.environ["DATABRICKS_HOST"]
PRIVATE = {"headers": {"X-Header": "private"}, "params": {"query": "private"}}
FUNCTION = requests.get(HOST + "/api/2.1/unity-catalog/functions/c.s.add", **PRIVATE).text


def in_turn():
    import httpx
    import httpx2

    index = HOST + "/api/2.0/vector-search/indexes/c.s.docs/query"
    yield requests.post(index, json={"model": "private"}, **PRIVATE).text
    yield httpx.post(HOST + "/serving-endpoints/sync/invocations", json=["private"], **PRIVATE).text
    yield httpx2.post(HOST + "/serving-endpoints/embeddings", json={"model": "of-httpx2"}).text
    yield asyncio.run(asked_of_httpx())
    yield asyncio.run(asked_of_aiohttp())
    yield from asked_of_openai()


async def asked_of_httpx():
    import httpx

    async def parts():
        yield b'{"model": "private'
        yield b'"}'

    async with httpx.AsyncClient(base_url=HOST) as client:
        return (await client.post("/serving-endpoints/responses", content=parts())).text


async def asked_of_aiohttp():
    import aiohttp

    async with aiohttp.ClientSession(HOST) as session:
        async with session.post("/api/2.0/mcp/genie/a-space", json="private") as response:
            return await response.text()


def asked_of_openai():
    import httpx2
    import openai

    for model, client in (("of-openai", None), ("c.s.of-openai", httpx2.Client())):
        workspace = openai.OpenAI(
            base_url=HOST + "/serving-endpoints", api_key="private", http_client=client
        )
        chat = workspace.chat.completions.with_raw_response
        messages = [{"role": "user", "content": "private"}]
        yield chat.create(model=model, messages=messages).text


class Asks(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        text = " and ".join([FUNCTION, *in_turn()])
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "an id")])


mlflow.models.set_model(Asks())
"""
POSTED = [
    ("/api/2.0/vector-search/indexes/c.s.docs/query", None),
    ("/serving-endpoints/sync/invocations", None),
    ("/serving-endpoints/embeddings", "of-httpx2"),
    ("/serving-endpoints/responses", None),
    ("/api/2.0/mcp/genie/a-space", None),
    ("/serving-endpoints/chat/completions", "of-openai"),
    ("/serving-endpoints/chat/completions", "c.s.of-openai"),
]


def test_requests_of_every_library_are_noted_and_nothing_else_of_them(checkout: Checkout) -> None:
    with (checkout.folder / "requirements.txt").open("a") as requirements:
        requirements.write(LIBRARIES)

    with loopback() as workspace:
        step = checkout.run(
            AGENT,
            mode="preview",
            check_resources="off",
            input_example=QUESTION,
            env={"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": "private"},
        )

    assert step.status == 0, step.log
    result = step.result
    answer = json.loads(result["verification"].pop("answer"))
    requests = [Request(**each) for each in result["verification"]["requests"]]
    assert requests == [
        Request("GET", "127.0.0.1", "/api/2.1/unity-catalog/functions/c.s.add"),
        *(Request("POST", "127.0.0.1", path, model) for path, model in POSTED),
    ]
    assert "private" not in json.dumps(result)
    # Every request was made as the agent meant it, and every answer is what it got.
    (said,) = answer["output"][0]["content"]
    assert [each.split(":")[0] for each in said["text"].split(" and ")] == [
        "GET /api/2.1/unity-catalog/functions/c.s.add?query=private",
        "POST /api/2.0/vector-search/indexes/c.s.docs/query?query=private",
        "POST /serving-endpoints/sync/invocations?query=private",
        *(f"POST {path}" for path, _ in POSTED[2:]),
    ]
    assert [(use.kind, use.name) for use in uses(requests)] == [
        ("function", "c.s.add"),
        ("vector_search_index", "c.s.docs"),
        ("serving_endpoint", "sync"),
        ("serving_endpoint", "of-httpx2"),
        ("serving_endpoint", None),
        ("genie_space", "a-space"),
        ("serving_endpoint", "of-openai"),
        ("uc_model_service", "c.s.of-openai"),
    ]


FAILING = """
import os

import mlflow
import requests
from mlflow.pyfunc import PythonModel


class Asks(PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        requests.post({url!r} + "/serving-endpoints/llama/invocations")
        del os.environ["DATABRICKS_HOST"]
        raise ValueError("cannot configure default credentials")


os.environ["DATABRICKS_HOST"] = {url!r}
mlflow.models.set_model(Asks())
"""


@pytest.mark.parametrize("verify", ["predict", "load"])
def test_requests_without_an_answer(checkout: Checkout, verify: str) -> None:
    with loopback() as workspace:
        step = checkout.run(
            FAILING.format(url=workspace.url),
            mode="preview",
            check_resources="off",
            input_example='["Hello?"]',
            verify=verify,
        )

    assert step.status == 0, step.log
    verification = step.result["verification"]
    assert verification["answer"] is None
    assert [each["path"] for each in verification["requests"]] == (
        ["/serving-endpoints/llama/invocations"] if verify == "predict" else []
    )
