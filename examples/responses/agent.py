"""A support agent that looks up orders: MLflow's ResponsesAgent with a tool-calling loop."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import mlflow
from mlflow.deployments import get_deploy_client
from mlflow.entities import SpanType
from mlflow.models import ModelConfig
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import (
    ResponsesAgentRequest,
    ResponsesAgentResponse,
    ResponsesAgentStreamEvent,
)

config = ModelConfig(development_config="config.yml")

ORDERS = {"1042": "shipped on Monday", "1043": "being packed"}


@mlflow.trace(span_type=SpanType.TOOL)
def order_status(order_id: str) -> str:
    if status := ORDERS.get(order_id):
        return f"Order {order_id} is {status}."
    return f"There is no order {order_id}."


TOOLS = {"order_status": order_status}

TOOL_SPECS = [
    {
        "type": "function",
        "function": {
            "name": "order_status",
            "description": "Look up the status of an order.",
            "parameters": {
                "type": "object",
                "properties": {"order_id": {"type": "string"}},
                "required": ["order_id"],
            },
        },
    }
]


def follow_rules(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Speak like a chat model, in Chat Completions chunks, without being one."""
    chunk_id = f"msg_{uuid4().hex}"

    def chunk(**delta: Any) -> dict[str, Any]:
        return {"id": chunk_id, "choices": [{"delta": delta}]}

    last = messages[-1]
    if last["role"] == "tool":
        answer = last["content"]
    elif order_id := re.search(r"\d+", last["content"]):
        arguments = json.dumps({"order_id": order_id[0]})
        function = {"name": "order_status", "arguments": arguments}
        yield chunk(tool_calls=[{"id": f"call_{uuid4().hex}", "function": function}])
        return
    else:
        answer = "I can tell you where your order is. What is its number?"

    for word in re.findall(r"\S+\s*", answer):
        yield chunk(content=word)


def ask_endpoint(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    # The client is made per request: credentials exist where the agent is served, not where it
    # is logged.
    return get_deploy_client("databricks").predict_stream(
        endpoint=config.get("endpoint"),
        inputs={
            "messages": [{"role": "system", "content": config.get("system_prompt")}, *messages],
            "tools": TOOL_SPECS,
        },
    )


MODELS = {"rules": follow_rules, "databricks": ask_endpoint}


class SupportAgent(ResponsesAgent):
    def __init__(self):
        self.model = MODELS[config.get("model")]

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        events = self.predict_stream(request)
        return ResponsesAgentResponse(
            output=[event.item for event in events if event.type == "response.output_item.done"],
            custom_outputs=request.custom_inputs,
        )

    def predict_stream(self, request: ResponsesAgentRequest) -> Iterator[ResponsesAgentStreamEvent]:
        messages = self.prep_msgs_for_cc_llm(request.input)

        # A bound on the turns, because a model may ask for tools forever.
        for _ in range(config.get("max_turns")):
            items: list[dict[str, Any]] = []
            yield from self.output_to_responses_items_stream(self.model(messages), items)

            for item in items:
                messages += self.prep_msgs_for_cc_llm([item])
                if item["type"] == "function_call":
                    result = self.call_tool(item)
                    messages += self.prep_msgs_for_cc_llm([result])
                    yield ResponsesAgentStreamEvent(type="response.output_item.done", item=result)

            if messages[-1]["role"] != "tool":
                return

    def call_tool(self, call: dict[str, Any]) -> dict[str, Any]:
        output = TOOLS[call["name"]](**json.loads(call["arguments"]))
        return self.create_function_call_output_item(call["call_id"], output)


mlflow.models.set_model(SupportAgent())
