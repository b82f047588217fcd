"""The models behind serving endpoints."""

import json
from collections.abc import Iterator
from typing import Any

from doubles.databricks.request import Answer, Request, bad_value
from doubles.databricks.resources import Resources
from doubles.databricks.routes import Route

TEXT = "Nine o'clock."


class Inference:
    """Canned answers, of those endpoints only that are there."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.text = TEXT
        """What a model answers."""

    def routes(self) -> Iterator[Route]:
        # A model's own parameters are open-ended; the body must be an object that asks something.
        yield Route(
            "POST", "/serving-endpoints/{name}/invocations", self._invoke, opaque=True, asks=True
        )
        for task in ("chat/completions", "embeddings", "responses"):
            yield Route("POST", f"/serving-endpoints/{task}", self._openai, opaque=True, asks=True)

    def _invoke(self, request: Request) -> Answer:
        return self._model(request.parts["name"], _asked(request))

    def _openai(self, request: Request) -> Answer:
        fields = _asked(request)
        if not isinstance(fields.get("model"), str):
            raise bad_value("Missing required parameter: 'model'.")
        return self._model(fields["model"], fields, request.path.rpartition("/")[2])

    def _model(self, name: str, fields: dict[str, Any], task: str = "") -> Answer:
        self._resources.check("serving_endpoint", name)
        if fields.get("stream"):
            raise bad_value("Streaming is not supported by this endpoint.")
        if "messages" in fields:
            return Answer(_completion(name, self.text), headers={"served-model-name": name})
        if task == "responses":
            return Answer(_response(name, self.text))
        if "input" in fields:
            return Answer(_embeddings(name, fields["input"]))
        return Answer({"predictions": [self.text]}, headers={"served-model-name": name})


def _asked(request: Request) -> dict[str, Any]:
    try:
        fields = json.loads(request.body)
    except ValueError as error:
        raise bad_value(f"The body is no JSON: {error}") from error
    if not isinstance(fields, dict) or not fields:
        raise bad_value("The body must be a JSON object that asks something.")
    return fields


def _completion(model: str, answer: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    }


def _response(model: str, answer: str) -> dict[str, Any]:
    text = {"type": "output_text", "text": answer, "annotations": []}
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [text],
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_760_000_000,
        "model": model,
        "status": "completed",
        "output": [message],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _embeddings(model: str, asked: str | list[str]) -> dict[str, Any]:
    count = len(asked) if isinstance(asked, list) else 1
    return {
        "object": "list",
        "model": model,
        "data": [
            {"object": "embedding", "index": index, "embedding": [0.1, 0.2, 0.3]}
            for index in range(count)
        ],
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    }
