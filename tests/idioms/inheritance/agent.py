"""Names through base classes, which aren't followed: super().__init__, and what a mixin has."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_openai import DatabricksOpenAI
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class SpeaksMixin:
    def speak(self, text: str) -> str:
        # Of `ZooAgent`, into which this is mixed: the serving endpoint zoo-chat.
        response = self.openai.chat.completions.create(
            model=self.endpoint, messages=[{"role": "user", "content": text}]
        )
        return response.choices[0].message.content


class BaseAgent(SpeaksMixin, ResponsesAgent):
    def __init__(self, endpoint: str, space_id: str | None = None):
        self.endpoint = endpoint
        self.space_id = space_id
        self.openai = DatabricksOpenAI()

    def facts(self) -> str:
        raise NotImplementedError

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        text = self.speak(self.facts() + request.input[-1].content)
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, "1")])


class ZooAgent(BaseAgent):
    def __init__(self, space_id: str):
        super().__init__("zoo-chat", space_id=space_id)

    def facts(self) -> str:
        # By super().__init__: the Genie space 01f0a1b2c3d4e5f60718293a4b5c6d7e.
        message = WorkspaceClient().genie.start_conversation_and_wait(  # uses: genie_space ?
            self.space_id, "How many animals are there?"
        )
        return str(message.content)


mlflow.models.set_model(ZooAgent(space_id="01f0a1b2c3d4e5f60718293a4b5c6d7e"))
