"""A LangGraph graph with a tool; it notes each of its calls."""  # noqa: INP001

import os
import re
from pathlib import Path
from uuid import uuid4

import mlflow
from langchain_core.messages import AIMessage, AnyMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition


@tool
def order_status(order_id: str) -> str:
    """Look up the status of an order."""
    return f"Order {order_id} is shipped."


def assistant(state: MessagesState) -> dict[str, list[AnyMessage]]:
    """Look the order up, then answer."""
    last = state["messages"][-1]
    if last.type == "tool":
        return {"messages": [AIMessage(last.text)]}
    with Path(os.environ["AGENT_CALLS"]).open("a") as calls:
        calls.write("x")
    numbers = re.findall(r"\d+", last.text)
    call = {"name": "order_status", "args": {"order_id": numbers[0]}, "id": str(uuid4())}
    return {"messages": [AIMessage("", tool_calls=[call])]}


graph = StateGraph(MessagesState)
graph.add_node("assistant", assistant)
graph.add_node("tools", ToolNode([order_status]))
graph.add_edge(START, "assistant")
graph.add_conditional_edges("assistant", tools_condition)
graph.add_edge("tools", "assistant")

mlflow.models.set_model(graph.compile())
