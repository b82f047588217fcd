"""Imports in try and except, renamed imports, module imports, and imports in functions."""

import mlflow

try:
    from databricks_langchain import ChatDatabricks
except ImportError:
    from langchain_community.chat_models import ChatDatabricks

try:
    from databricks_langchain import DatabricksVectorSearch as VectorStore
except ModuleNotFoundError:
    VectorStore = None

import databricks.sdk
import databricks_langchain as dbl
import databricks_openai.agents
from databricks_langchain.uc_ai import UCFunctionToolkit as Toolkit

llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4
    endpoint="databricks-claude-sonnet-4"
)
store = (
    VectorStore(index_name="a.b.pages")  # uses: vector_search_index a.b.pages
    if VectorStore
    else None
)
embeddings = dbl.DatabricksEmbeddings(  # uses: serving_endpoint databricks-bge-large-en
    endpoint="databricks-bge-large-en"
)
toolkit = Toolkit(function_names=["a.b.count_words"])  # uses: function a.b.count_words
server = (
    databricks_openai.agents.McpServer.from_vector_search(  # uses: vector_search_index a.b.images
        "a", "b", "images"
    )
)
workspace = databricks.sdk.WorkspaceClient()


def ask(question: str):
    from databricks_langchain.genie import GenieAgent

    space = GenieAgent(  # uses: genie_space 01f0a1b2c3d4e5f60718293a4b5c6d7e
        "01f0a1b2c3d4e5f60718293a4b5c6d7e"
    )
    return space.invoke({"messages": [{"role": "user", "content": question}]})


def describe(name: str):
    app = workspace.apps.get("inventory")  # uses: app inventory
    return f"{name}: {app.url}"


mlflow.models.set_model(llm)
