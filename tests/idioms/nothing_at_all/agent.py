"""An agent that needs nothing but Python."""

from uuid import uuid4

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class ParrotAgent(ResponsesAgent):
    @mlflow.trace
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        text = str(request.input[-1].content)
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, str(uuid4()))])


mlflow.models.set_model(ParrotAgent())
