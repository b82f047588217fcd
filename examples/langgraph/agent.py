"""A support agent as a LangGraph graph: an assistant that calls a tool and reads its answer."""

import re
from uuid import uuid4

import mlflow
from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    SystemMessage,
    convert_to_messages,
    convert_to_openai_messages,
)
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from mlflow.deployments import get_deploy_client
from mlflow.models import ModelConfig

config = ModelConfig(development_config="config.yml")

ORDERS = {"1042": "shipped on Monday", "1043": "being packed"}


@tool
def order_status(order_id: str) -> str:
    """Look up the status of an order."""
    if status := ORDERS.get(order_id):
        return f"Order {order_id} is {status}."
    return f"There is no order {order_id}."


TOOLS = [order_status]


def follow_rules(messages: list[AnyMessage]) -> AnyMessage:
    """Speak like a chat model without being one."""
    last = messages[-1]
    if last.type == "tool":
        return AIMessage(last.text)
    if order_id := re.search(r"\d+", last.text):
        call = {"name": "order_status", "args": {"order_id": order_id[0]}, "id": str(uuid4())}
        return AIMessage("", tool_calls=[call])
    return AIMessage("I can tell you where your order is. What is its number?")


def ask_endpoint(messages: list[AnyMessage]) -> AnyMessage:
    # The client is made per request: credentials exist where the agent is served, not where it
    # is logged.
    completion = get_deploy_client("databricks").predict(
        endpoint=config.get("endpoint"),
        inputs={
            "messages": convert_to_openai_messages(
                [SystemMessage(config.get("system_prompt")), *messages]
            ),
            "tools": [convert_to_openai_tool(each) for each in TOOLS],
        },
    )
    return convert_to_messages([completion["choices"][0]["message"]])[0]


model = {"rules": follow_rules, "databricks": ask_endpoint}[config.get("model")]


def assistant(state: MessagesState) -> dict[str, list[AnyMessage]]:
    return {"messages": [model(state["messages"])]}


graph = StateGraph(MessagesState)
graph.add_node("assistant", assistant)
graph.add_node("tools", ToolNode(TOOLS))
graph.add_edge(START, "assistant")
graph.add_conditional_edges("assistant", tools_condition)
graph.add_edge("tools", "assistant")

# MLflow gets the compiled graph itself. Piped into another runnable it is no longer recognised as a
# graph, and MLflow converts its messages into a format it does not take.
mlflow.models.set_model(graph.compile())
