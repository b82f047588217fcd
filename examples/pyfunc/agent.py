"""An agent without a conversation: it routes support tickets, a batch at a time."""

import mlflow
from mlflow.deployments import get_deploy_client
from mlflow.pyfunc import PythonModel
from pydantic import BaseModel

# Declared in resources.yml.
TRANSLATOR = "databricks-meta-llama-3-3-70b-instruct"

QUEUES = {
    "billing": ("invoice", "refund", "charge"),
    "delivery": ("parcel", "shipping", "late"),
}


class Ticket(BaseModel):
    text: str
    language: str = "en"


class Route(BaseModel):
    queue: str
    urgent: bool


def translate(text: str) -> str:
    prompt = f"Translate this to English and answer with the translation only:\n\n{text}"
    completion = get_deploy_client("databricks").predict(
        endpoint=TRANSLATOR, inputs={"messages": [{"role": "user", "content": prompt}]}
    )
    return completion["choices"][0]["message"]["content"]


def route(ticket: Ticket) -> Route:
    text = ticket.text if ticket.language == "en" else translate(ticket.text)
    text = text.lower()
    queue = next(
        (queue for queue, words in QUEUES.items() if any(word in text for word in words)),
        "general",
    )
    return Route(queue=queue, urgent="urgent" in text)


class TicketRouter(PythonModel):
    # From the type hint MLflow takes the schema of the inputs, and makes tickets of the dicts it is
    # sent.
    def predict(self, model_input: list[Ticket]) -> list[Route]:
        return [route(ticket) for ticket in model_input]


mlflow.models.set_model(TicketRouter())
