"""What an agent asks its indexes, its warehouses and its Genie spaces."""

from collections.abc import Iterator
from typing import Any

from doubles.databricks.inference import TEXT
from doubles.databricks.request import Answer, Request, bad_value, missing
from doubles.databricks.resources import Resources
from doubles.databricks.routes import Route

_DOCUMENTS = [["1", "The office opens at nine."], ["2", "It closes at five."]]
_GENIE = "/api/2.0/genie/spaces/{space}"
_STATEMENT = frozenset(
    {
        "byte_limit",
        "catalog",
        "disposition",
        "format",
        "on_wait_timeout",
        "parameters",
        "query_tags",
        "row_limit",
        "schema",
        "statement",
        "wait_timeout",
        "warehouse_id",
    }
)
_INDEX_QUERY = frozenset(
    {
        "columns",
        "columns_to_rerank",
        "facets",
        "filters_json",
        "num_results",
        "query_columns",
        "query_text",
        "query_type",
        "query_vector",
        "reranker",
        "score_threshold",
        "sort_columns",
    }
)


class Queries:
    """Canned answers, of those resources only that are there."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def routes(self) -> Iterator[Route]:
        index = "/api/2.0/vector-search/indexes/{name}/query"
        yield Route("POST", index, self._query, fields=_INDEX_QUERY, asks=True)
        yield Route("POST", "/api/2.0/sql/statements", self._execute, fields=_STATEMENT, asks=True)
        yield Route("GET", "/api/2.0/sql/statements/{id}", self._statement)
        asked = frozenset({"content", "enable_visualization"})
        yield Route("POST", f"{_GENIE}/start-conversation", self._start, fields=asked, asks=True)
        message = f"{_GENIE}/conversations/{{conversation}}/messages"
        yield Route("POST", message, self._ask, fields=asked, asks=True)
        yield Route("GET", f"{message}/{{message}}", self._message)

    def _query(self, request: Request) -> Answer:
        name = request.parts["name"]
        self._resources.check("vector_search_index", name)
        if not {"query_text", "query_vector"} & request.fields.keys():
            raise bad_value("Either query_text or query_vector must be specified.")
        columns = request.fields["columns"]
        rows = [[*row, *[None] * (len(columns) - 2)][: len(columns)] for row in _DOCUMENTS]
        rows = rows[: request.fields.get("num_results", 10)]
        names = [{"name": column} for column in [*columns, "score"]]
        return Answer(
            {
                "manifest": {"column_count": len(names), "columns": names},
                "result": {
                    "row_count": len(rows),
                    "data_array": [[*row, 0.9] for row in rows],
                },
            }
        )

    def _execute(self, request: Request) -> Answer:
        if not request.fields.get("statement"):
            raise bad_value("The statement is missing.")
        self._resources.check("sql_warehouse", request.fields.get("warehouse_id", ""))
        return Answer(_STATEMENT_ANSWER)

    def _statement(self, request: Request) -> Answer:
        if request.parts["id"] != _STATEMENT_ANSWER["statement_id"]:
            raise missing(f"The statement {request.parts['id']} was not found.")
        return Answer(_STATEMENT_ANSWER)

    def _start(self, request: Request) -> Answer:
        message = self._ask(request).content
        return Answer(
            {
                "conversation_id": message["conversation_id"],
                "message_id": message["id"],
                "conversation": {
                    "id": message["conversation_id"],
                    "conversation_id": message["conversation_id"],
                    "space_id": message["space_id"],
                    "title": message["content"],
                    "user_id": 1,
                },
                "message": message,
            }
        )

    def _ask(self, request: Request) -> Answer:
        self._resources.check("genie_space", request.parts["space"])
        if not request.fields.get("content"):
            raise bad_value("The content is missing.")
        return Answer(_genie_message(request, "SUBMITTED", request.fields["content"]))

    def _message(self, request: Request) -> Answer:
        self._resources.check("genie_space", request.parts["space"])
        done = _genie_message(request, "COMPLETED", "")
        return Answer({**done, "attachments": [{"text": {"content": TEXT}}]})


_STATEMENT_ANSWER: dict[str, Any] = {
    "statement_id": "01f0a1b2-c3d4-1e5f-8a9b-0c1d2e3f4a5b",
    "status": {"state": "SUCCEEDED"},
    "manifest": {
        "format": "JSON_ARRAY",
        "schema": {
            "column_count": 1,
            "columns": [
                {"name": "answer", "position": 0, "type_name": "STRING", "type_text": "STRING"}
            ],
        },
        "total_row_count": 1,
        "total_chunk_count": 1,
        "truncated": False,
    },
    "result": {"chunk_index": 0, "row_offset": 0, "row_count": 1, "data_array": [[TEXT]]},
}


def _genie_message(request: Request, status: str, content: str) -> dict[str, Any]:
    return {
        "id": request.parts.get("message", "01f0a1b2c3d41e5f8a9b0c1d2e3f4a5c"),
        "message_id": request.parts.get("message", "01f0a1b2c3d41e5f8a9b0c1d2e3f4a5c"),
        "space_id": request.parts["space"],
        "conversation_id": request.parts.get("conversation", "01f0a1b2c3d41e5f8a9b0c1d2e3f4a5d"),
        "content": content,
        "status": status,
        "created_timestamp": 1_760_000_000_000,
    }
