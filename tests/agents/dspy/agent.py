"""A DSPy program inside a ResponsesAgent; its model echoes."""

from uuid import uuid4

import dspy
import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class Program(ResponsesAgent):
    def __init__(self):
        self.model = dspy.utils.DummyLM([{"answer": "dspy has spoken"}] * 8)
        self.program = dspy.Predict("question -> answer")

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        with dspy.context(lm=self.model):
            text = self.program(question=request.input[-1].content).answer
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, str(uuid4()))])


mlflow.models.set_model(Program())
