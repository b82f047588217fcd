"""What clients of Databricks are told besides the model's name."""

import mlflow
from agents import Agent, generation_span, set_default_openai_client, trace
from databricks_langchain import ChatDatabricks
from databricks_openai import AsyncDatabricksOpenAI, DatabricksOpenAI
from langchain_core.messages import AIMessage
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from openai import OpenAI
from smolagents import InferenceClientModel
from tracker import Tracker

set_default_openai_client(AsyncDatabricksOpenAI())
client = DatabricksOpenAI()
tracker = Tracker(client=client, id="tracker")
clerk = Agent(  # uses: serving_endpoint databricks-gpt-5
    name="databricks", model="databricks-gpt-5"
)
azure = AzureChatOpenAI(
    azure_endpoint="https://acme.openai.azure.com", azure_deployment="databricks", model="gpt"
)
openai = ChatOpenAI(model="gpt-5", name="databricks", api_key="databricks")
proxied = ChatOpenAI(model="databricks/databricks-gpt-5", tags=["databricks"])
hub = InferenceClientModel(model_id="databricks/dbrx-instruct")
HERE = {"type": "mcp", "server_url": "https://acme.cloud.databricks.com"}
ELSEWHERE = {"type": "mcp", "server_url": "https://mcp.example.com"}
llm = ChatDatabricks(  # uses: serving_endpoint databricks-gpt-5-mini
    model="databricks-gpt-5-mini", metadata={"model": "small"}
)
SCHEMA = {"type": "object", "properties": {"model": {"type": "string"}, "id": "number"}}


class Told(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        llm.bind_tools([], id="tools")
        llm.invoke([AIMessage("a", id="m1")], id="run", config={"metadata": {"model": "b"}})
        llm.with_structured_output(SCHEMA)
        client.conversations.create(metadata={"model": "a", "id": "b"})
        OpenAI().responses.create(model="gpt-5", extra_body={"url": HERE["server_url"]})
        OpenAI().responses.create(model="gpt-5", tools=[HERE])
        client.responses.create(  # uses: serving_endpoint databricks-gpt-5-nano
            model="databricks-gpt-5-nano", tools=[ELSEWHERE]
        )
        kept = client.chat.completions.retrieve(id="chat-1")
        with trace("ask", metadata={"model": "a"}), generation_span(model="label"):
            return [kept, tracker, clerk, azure, openai, proxied, hub]


mlflow.models.set_model(Told())
