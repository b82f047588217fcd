"""Clients whose address is not Databricks', whatever the model is called."""

import os

import litellm
import mlflow
from anthropic import Anthropic
from google import genai
from openai import OpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from strands.models.openai import OpenAIModel

router = OpenAI(base_url="https://openrouter.ai/api/v1", api_key=os.environ["KEY"])
proxy = OpenAI(base_url=os.environ["PROXY"], api_key="x")
claude = Anthropic()
gemini = genai.Client(api_key=os.environ["KEY"])
model = OpenAIChatModel("gpt-5", provider=OpenAIProvider(api_key=os.environ["KEY"]))
strands = OpenAIModel(client_args={"base_url": "http://localhost:8000/v1"}, model_id="chat")


class Elsewhere(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        one = router.chat.completions.create(model="databricks/dbrx-instruct", messages=[])
        two = proxy.chat.completions.create(model="chat", messages=[])
        three = claude.messages.create(model="claude-sonnet-4-5", max_tokens=5, messages=[])
        four = gemini.models.generate_content(model="gemini-2.5-pro", contents="a")
        five = litellm.completion(
            "databricks/dbrx-instruct", [], api_base="https://api.example.com/v1"
        )
        return [one, two, three, four, five, model, strands]


mlflow.models.set_model(Elsewhere())
