"""Genie and SQL statements as the user, the endpoint as the system; a helper makes the client."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.credentials_provider import ModelServingUserCredentials
from mlflow.pyfunc import ChatAgent
from mlflow.types.agent import ChatAgentMessage, ChatAgentResponse

SPACE_ID = "01f0998877665544332211ffeeddccbb"
WAREHOUSE_ID = "4b9c1f2e3d5a6b7c"


def user_client() -> WorkspaceClient:
    return WorkspaceClient(credentials_strategy=ModelServingUserCredentials())


def ask_genie(question: str) -> str:
    w = user_client()
    message = w.genie.start_conversation_and_wait(  # uses: genie_space 01f0998877665544332211ffeeddccbb (user)
        space_id=SPACE_ID, content=question
    )
    rows = []
    for attachment in message.attachments or []:
        if attachment.query:
            result = w.genie.get_message_attachment_query_result(  # uses: genie_space 01f0998877665544332211ffeeddccbb (user)
                SPACE_ID, message.conversation_id, message.id, attachment.attachment_id
            )
            rows.append(result.statement_response)
    return str(rows)


def my_orders() -> str:
    client = user_client()
    response = (
        client.statement_execution.execute_statement(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c (user)
            "SELECT * FROM prod.sales.orders WHERE owner = current_user()", WAREHOUSE_ID
        )
    )
    return str(response.result.data_array)


class OrdersAgent(ChatAgent):
    def predict(self, messages, context=None, custom_inputs=None) -> ChatAgentResponse:
        facts = ask_genie(messages[-1].content) + my_orders()
        system = WorkspaceClient()
        reply = (
            system.serving_endpoints.query(  # uses: serving_endpoint databricks-llama-4-maverick
                name="databricks-llama-4-maverick",
                messages=[{"role": "user", "content": facts}],
            )
        )
        return ChatAgentResponse(
            messages=[ChatAgentMessage(role="assistant", content=str(reply.choices[0]), id="1")]
        )


mlflow.models.set_model(OrdersAgent())
