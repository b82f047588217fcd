"""The OpenAI client and LangChain's ChatOpenAI, pointed at a workspace."""

import os

import mlflow
import openai
from databricks.sdk import WorkspaceClient
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, OpenAI

w = WorkspaceClient()
DATABRICKS_HOST = os.environ.get("DATABRICKS_HOST")
BASE_URL = f"{DATABRICKS_HOST}/serving-endpoints"
MODEL = "databricks-llama-4-maverick"

client = OpenAI(api_key=os.environ.get("DATABRICKS_TOKEN"), base_url=BASE_URL)
embedder = openai.OpenAI(
    api_key=w.config.token, base_url="https://acme.cloud.databricks.com/serving-endpoints"
)
later = AsyncOpenAI(api_key="x", base_url=w.config.host + "/serving-endpoints")

chain_model = ChatOpenAI(  # uses: serving_endpoint databricks-gpt-5
    model="databricks-gpt-5", base_url=f"{w.config.host}/serving-endpoints", api_key="no-token"
)
sdk_model = w.serving_endpoints.get_langchain_chat_open_ai_client(  # uses: serving_endpoint databricks-gpt-5-mini
    "databricks-gpt-5-mini"
)


async def stream(text: str):
    return (
        await later.chat.completions.create(  # uses: serving_endpoint databricks-llama-4-maverick
            model=MODEL, stream=True, messages=[{"role": "user", "content": text}]
        )
    )


class OpenAiModel(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        vector = embedder.embeddings.create(  # uses: serving_endpoint databricks-gte-large-en
            input="a", model="databricks-gte-large-en"
        )
        parsed = client.beta.chat.completions.parse(  # uses: serving_endpoint databricks-llama-4-maverick
            model=MODEL, messages=[], response_format=dict
        )
        answer = client.with_options(  # uses: serving_endpoint acme-judge
            timeout=5
        ).chat.completions.create(model="acme-judge", messages=[])
        return [vector, parsed, answer, chain_model.invoke("b"), sdk_model.invoke("c")]


mlflow.models.set_model(OpenAiModel())
