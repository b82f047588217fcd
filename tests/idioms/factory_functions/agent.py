"""Factories: parameters with a default, keyword-only ones, lambdas, partial, a method."""

from functools import lru_cache, partial

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool


@lru_cache
def make_llm(endpoint: str = "databricks-claude-sonnet-4", *, temperature: float = 0.0):
    return ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4; serving_endpoint databricks-gpt-oss-120b
        endpoint=endpoint, temperature=temperature
    )


def retriever_for(*, team: str, table: str):
    return VectorSearchRetrieverTool(  # uses: vector_search_index teams.red.wiki; vector_search_index teams.blue.wiki
        index_name=f"teams.{team}.{table}"
    )


writer = make_llm()
critic = make_llm("databricks-gpt-oss-120b", temperature=0.7)

red = retriever_for(team="red", table="wiki")
blue = retriever_for(table="wiki", team="blue")

summarise = partial(  # uses: serving_endpoint summary-endpoint
    ChatDatabricks, endpoint="summary-endpoint"
)
short = summarise(max_tokens=50)

ask = partial(WorkspaceClient().serving_endpoints.query, "scorer")  # uses: serving_endpoint scorer
score = ask(inputs=["text"])


class Registry:
    def add(self, space_id: str) -> None:
        self.message = WorkspaceClient().genie.start_conversation(  # uses: genie_space 01efcafe0123456789abcdef01234567
            space_id, "hello"
        )


registry = Registry()
registry.add("01efcafe0123456789abcdef01234567")

mlflow.models.set_model(writer.with_fallbacks([critic]))
