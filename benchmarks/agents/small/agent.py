"""As small as a ResponsesAgent gets; it notes each of its calls."""  # noqa: INP001

import os
from pathlib import Path
from uuid import uuid4

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class Echo(ResponsesAgent):
    """Answers what it was asked."""

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        with Path(os.environ["AGENT_CALLS"]).open("a") as calls:
            calls.write("x")
        text = request.input[-1].content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, str(uuid4()))])


mlflow.models.set_model(Echo())
