"""OpenAI's own API."""

import os

import mlflow
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openai import AsyncOpenAI, OpenAI

client = OpenAI()
other = AsyncOpenAI(api_key=os.environ["OPENAI_API_KEY"], base_url="https://api.openai.com/v1")
llm = ChatOpenAI(model="gpt-4o", temperature=0)
embeddings = OpenAIEmbeddings(model="text-embedding-3-small")


class OpenAiModel(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        response = client.chat.completions.create(model="gpt-4o", messages=model_input)
        vector = client.embeddings.create(model="text-embedding-3-small", input="a")
        return [response.choices[0].message.content, vector, llm.invoke("b")]

    async def later(self, text: str):
        return await other.responses.create(model="gpt-5", input=text)


mlflow.models.set_model(OpenAiModel())
