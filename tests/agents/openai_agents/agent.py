"""An agent of the OpenAI Agents SDK inside a ResponsesAgent; its model echoes."""

from uuid import uuid4

import mlflow
from agents import Agent, Model, ModelResponse, Runner, Usage, set_tracing_disabled
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse
from openai.types.responses import ResponseOutputMessage, ResponseOutputText

set_tracing_disabled(True)


class EchoModel(Model):
    async def get_response(self, *args, **kwargs):
        text = ResponseOutputText(text="the SDK has spoken", type="output_text", annotations=[])
        message = ResponseOutputMessage(
            id=str(uuid4()), content=[text], role="assistant", status="completed", type="message"
        )
        return ModelResponse(output=[message], usage=Usage(), response_id=None)

    def stream_response(self, *args, **kwargs):
        raise NotImplementedError


class Assistant(ResponsesAgent):
    def __init__(self):
        self.agent = Agent(name="assistant", instructions="Echo.", model=EchoModel())

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        result = Runner.run_sync(self.agent, request.input[-1].content)
        item = self.create_text_output_item(result.final_output, str(uuid4()))
        return ResponsesAgentResponse(output=[item])


mlflow.models.set_model(Assistant())
