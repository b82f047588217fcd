"""Keyword arguments that are put together first, slices, and a client that may be handed in."""

import os

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.credentials_provider import ModelServingUserCredentials
from databricks_langchain import ChatDatabricks, DatabricksEmbeddings, UCFunctionToolkit
from databricks_langchain.genie import GenieAgent
from mlflow.pyfunc import ResponsesAgent

FUNCTIONS = ["prod.tools.area", "prod.tools.length", "prod.tools.weight"]
PREFIXED = "endpoint:chat-large"
COMMON = {"temperature": 0, "endpoint": "chat-common"}


def chat(endpoint=None):
    return ChatDatabricks(  # uses: serving_endpoint chat-default
        endpoint=endpoint or "chat-default"
    )


def space(name, client=None):
    return GenieAgent(  # uses: genie_space 01f0a1b2c3d4e5f60718293a4b5c6d7e (user)
        name, client=client
    )


def ask(client=None):
    client = client or WorkspaceClient()
    return client.genie.start_conversation(  # uses: genie_space 01f0ffffffffe5f60718293a4b5c6d7e; genie_space 01f0ffffffffe5f60718293a4b5c6d7e (user)
        "01f0ffffffffe5f60718293a4b5c6d7e", "How many?"
    )


class Agent(ResponsesAgent):
    def __init__(self):
        self.options = {}
        self.options["endpoint"] = "chat-of-self"

    def predict(self, request):
        settings = dict(temperature=0.1, **COMMON)
        ChatDatabricks(**settings)  # uses: serving_endpoint chat-common
        more = {}
        more["endpoint"] = "chat-set"
        ChatDatabricks(**more)  # uses: serving_endpoint chat-set
        updated = {"max_tokens": 100}
        updated.update(COMMON, endpoint="chat-updated")
        ChatDatabricks(**updated)  # uses: serving_endpoint chat-updated
        ChatDatabricks(  # uses: serving_endpoint chat-joined
            **(COMMON | {"endpoint": "chat-joined"})
        )
        ChatDatabricks(**self.options)  # uses: serving_endpoint chat-of-self
        ChatDatabricks(endpoint=PREFIXED[9:])  # uses: serving_endpoint chat-large
        DatabricksEmbeddings(endpoint=["a", "bge"][-1])  # uses: serving_endpoint bge
        UCFunctionToolkit(  # uses: function prod.tools.area; function prod.tools.length
            function_names=FUNCTIONS[:2]
        )
        UCFunctionToolkit(function_names=FUNCTIONS[-1:])  # uses: function prod.tools.weight
        ChatDatabricks(  # uses: serving_endpoint chat-common
            endpoint=os.getenv("CHAT", COMMON.get("endpoint"))
        )
        chat()
        user = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
        space("01f0a1b2c3d4e5f60718293a4b5c6d7e", client=user)
        ask(user)


mlflow.models.set_model(Agent())
