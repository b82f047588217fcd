"""A shop's help desk on MLflow's ChatAgent: chat messages in, chat messages out."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import StatementParameterListItem
from mlflow.models import ModelConfig
from mlflow.pyfunc import ChatAgent
from mlflow.types.agent import (
    ChatAgentChunk,
    ChatAgentMessage,
    ChatAgentResponse,
    ChatContext,
)

config = ModelConfig(development_config="config.yml")

FAQ = {
    "open": "We are open from Monday to Friday, 9:00 to 17:00.",
    "return": "You can return anything within 30 days.",
    "deliver": "Delivery takes two working days.",
}

ORDER_STATUS = {"F": "finished", "O": "open", "P": "partly delivered"}


def order_status(order_id: str) -> str:
    # The client is made per request: credentials exist where the agent is served, not where it
    # is logged.
    response = WorkspaceClient().statement_execution.execute_statement(
        statement="SELECT o_orderstatus FROM IDENTIFIER(:orders) WHERE o_orderkey = :order_id",
        parameters=[
            StatementParameterListItem(name="orders", value=config.get("orders")),
            StatementParameterListItem(name="order_id", value=order_id, type="BIGINT"),
        ],
        warehouse_id=config.get("warehouse"),
    )
    if not response.result:  # The statement failed, or the warehouse is still starting.
        return "I cannot look orders up right now. Please try again in a minute."
    if not (rows := response.result.data_array):
        return f"There is no order {order_id}."
    return f"Order {order_id} is {ORDER_STATUS[rows[0][0]]}."


def answer(question: str) -> str:
    if order := re.search(r"order (\d+)", question, re.IGNORECASE):
        return order_status(order[1])
    for keyword, reply in FAQ.items():
        if keyword in question.lower():
            return reply
    return "I know about opening hours, returns, delivery and orders. What is it about?"


class HelpDesk(ChatAgent):
    def predict(
        self,
        messages: list[ChatAgentMessage],
        context: ChatContext | None = None,
        custom_inputs: dict[str, Any] | None = None,
    ) -> ChatAgentResponse:
        reply = ChatAgentMessage(
            role="assistant", content=answer(messages[-1].content), id=str(uuid4())
        )
        return ChatAgentResponse(messages=[reply])

    def predict_stream(
        self,
        messages: list[ChatAgentMessage],
        context: ChatContext | None = None,
        custom_inputs: dict[str, Any] | None = None,
    ) -> Iterator[ChatAgentChunk]:
        # The chunks of one message share its id.
        message_id = str(uuid4())
        for word in re.findall(r"\S+\s*", answer(messages[-1].content)):
            yield ChatAgentChunk(
                delta=ChatAgentMessage(role="assistant", content=word, id=message_id)
            )


mlflow.models.set_model(HelpDesk())
