"""Tools made by functions: the name is the outer function's parameter."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.vector_search.client import VectorSearchClient
from databricks_langchain import ChatDatabricks
from langchain_core.tools import StructuredTool, tool
from langgraph.prebuilt import create_react_agent

w = WorkspaceClient()


def search_tool(index_name: str, limit: int = 3):
    @tool
    def search(question: str) -> str:
        """Search the documents."""
        index = VectorSearchClient().get_index(  # uses: vector_search_index art.museum.labels; vector_search_index art.museum.letters
            index_name=index_name
        )
        return str(index.similarity_search(["text"], question, num_results=limit))

    return search


def sql_tool(warehouse: str, name: str) -> StructuredTool:
    def run(query: str) -> str:
        response = w.statement_execution.execute_statement(  # uses: sql_warehouse 4b9c1f2e3d5a6b7c
            query, warehouse
        )
        return str(response.result)

    return StructuredTool.from_function(run, name=name, description="Runs SQL")


tools = [
    search_tool("art.museum.labels"),
    search_tool("art.museum.letters", limit=10),
    sql_tool("4b9c1f2e3d5a6b7c", name="visitors"),
]

llm = ChatDatabricks(endpoint="museum-chat")  # uses: serving_endpoint museum-chat
mlflow.models.set_model(create_react_agent(llm, tools))
