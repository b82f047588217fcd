"""A CrewAI crew inside a ResponsesAgent; its model echoes."""

from uuid import uuid4

import mlflow
from crewai import Agent, BaseLLM, Crew, Task
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class EchoModel(BaseLLM):
    def call(self, *args, **kwargs):
        return "Thought: I now can give a great answer\nFinal Answer: the crew has spoken"


class Support(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        clerk = Agent(role="clerk", goal="answer", backstory="knows", llm=EchoModel(model="echo"))
        task = Task(description="{question}", expected_output="an answer", agent=clerk)
        answer = Crew(agents=[clerk], tasks=[task]).kickoff({"question": "Is anybody there?"})
        return ResponsesAgentResponse(
            output=[self.create_text_output_item(str(answer), str(uuid4()))]
        )


mlflow.models.set_model(Support())
