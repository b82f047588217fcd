"""Search in one index."""

from databricks.vector_search.client import VectorSearchClient
from langchain_core.tools import StructuredTool


class DocumentSearch:
    def __init__(self, index_name: str) -> None:
        self.index_name = index_name
        self._client = VectorSearchClient(disable_notice=True)

    def query(self, text: str) -> list:
        """Find documents."""
        index = self._client.get_index(  # uses: vector_search_index prod.support.docs_index
            index_name=self.index_name
        )
        found = index.similarity_search(columns=["text"], query_text=text)
        return found["result"]["data_array"]

    def as_tool(self) -> StructuredTool:
        return StructuredTool.from_function(self.query, name="search")
