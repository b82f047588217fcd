"""Everything in one expression; calls in calls, over several lines, in a with and a return."""

import mlflow
from databricks.ai_search.client import AISearchClient
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks, DatabricksVectorSearch
from langchain_core.output_parsers import StrOutputParser


def build():
    return (
        DatabricksVectorSearch(  # uses: vector_search_index music.catalog.songs
            "music.catalog.songs"
        ).as_retriever()
        | ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4
            endpoint="databricks-claude-sonnet-4"
        ).bind(stop=["\n"])
        | StrOutputParser()
    )


def rows(question: str):
    return (
        AISearchClient(disable_notice=True)  # uses: vector_search_index music.catalog.lyrics
        .get_index(index_name="music.catalog.lyrics")
        .similarity_search(query_text=question, columns=["text"])["result"]
    )


def ask(question: str):
    if (
        reply
        := WorkspaceClient().genie.start_conversation_and_wait(  # uses: genie_space 01efcafe0123456789abcdef01234567
            "01efcafe0123456789abcdef01234567", question
        )
    ):
        return reply, rows(question)
    return None


mlflow.models.set_model(build())
