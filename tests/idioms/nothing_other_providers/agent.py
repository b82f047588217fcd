"""Models of other providers, by LiteLLM, DSPy, CrewAI, Azure and compatible servers."""

import os

import dspy
import litellm
import mlflow
from agents import Agent
from crewai import LLM
from langchain.chat_models import init_chat_model
from openai import AzureOpenAI, OpenAI

azure = AzureOpenAI(azure_endpoint=os.environ["AZURE_ENDPOINT"], api_version="2024-10-21")
local = OpenAI(base_url="http://localhost:8000/v1", api_key="none")
groq = OpenAI(base_url="https://api.groq.com/openai/v1", api_key=os.environ["GROQ_API_KEY"])
lm = dspy.LM("openai/gpt-4o-mini")
crew_llm = LLM(model="anthropic/claude-sonnet-4-20250514")
chat = init_chat_model("claude-sonnet-4-5", model_provider="anthropic")
triage = Agent(name="triage", model="gpt-4.1")


class Elsewhere(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        one = litellm.completion(model="anthropic/claude-3-5-haiku-latest", messages=model_input)
        two = azure.chat.completions.create(model="my-deployment", messages=model_input)
        three = local.chat.completions.create(model="databricks/dolly-v2-3b", messages=[])
        four = groq.chat.completions.create(model="llama-3.3-70b-versatile", messages=[])
        return [one, two, three, four]


mlflow.models.set_model(Elsewhere())
