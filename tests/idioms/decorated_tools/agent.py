"""Tools as decorated functions, each with a client of its own."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.serving import ChatMessage, ChatMessageRole
from databricks.vector_search.client import VectorSearchClient
from databricks_langchain import ChatDatabricks
from langchain_core.tools import tool
from langgraph.prebuilt import create_react_agent
from mlflow.entities import SpanType

_INDEX = "clinic.knowledge.guidelines"


@tool
def guidelines(question: str) -> str:
    """Find guidelines."""
    index = VectorSearchClient(  # uses: vector_search_index clinic.knowledge.guidelines
        disable_notice=True
    ).get_index(index_name=_INDEX)
    return str(index.similarity_search(query_text=question, columns=["text"]))


@tool("classify", return_direct=True)
@mlflow.trace(span_type=SpanType.TOOL, name="classify")
def classify(text: str) -> str:
    """Say what a text is about."""
    w = WorkspaceClient()
    response = w.serving_endpoints.query(  # uses: serving_endpoint clinic-classifier
        "clinic-classifier",
        messages=[ChatMessage(role=ChatMessageRole.USER, content=text)],
    )
    return response.choices[0].message.content


@mlflow.trace(span_type="RETRIEVER")
def search(query: str, limit: int = 3):
    w = WorkspaceClient()
    result = w.vector_search_indexes.query_index(  # uses: vector_search_index clinic.knowledge.guidelines
        index_name=_INDEX, columns=["id", "text"], query_text=query, num_results=limit
    )
    return result.result.data_array


@tool
def search_tool(query: str) -> list:
    """Search."""
    return search(query)


llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4
    endpoint="databricks-claude-sonnet-4"
)
mlflow.models.set_model(create_react_agent(llm, [guidelines, classify, search_tool]))
