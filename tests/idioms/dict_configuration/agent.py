"""A nested dictionary as configuration: subscripts, get, values, unpacking."""

from typing import Any

import mlflow
from databricks_langchain import ChatDatabricks, UCFunctionToolkit, VectorSearchRetrieverTool
from databricks_langchain.genie import GenieAgent
from langgraph.prebuilt import create_react_agent

CONFIG: dict[str, Any] = {
    "llm": {"endpoint": "databricks-claude-3-7-sonnet", "temperature": 0.1},
    "tools": {
        "functions": ["bio.tools.align", "bio.tools.translate"],
        "indexes": [
            {"name": "bio.papers.abstracts", "tool": "papers"},
            {"name": "bio.lab.protocols", "tool": "protocols"},
        ],
    },
    "spaces": {"samples": "01efcafe0123456789abcdef01234567"},
}

llm = ChatDatabricks(**CONFIG["llm"])  # uses: serving_endpoint databricks-claude-3-7-sonnet
toolkit = UCFunctionToolkit(  # uses: function bio.tools.align; function bio.tools.translate
    function_names=CONFIG["tools"]["functions"]
)
retrievers = []
for index in CONFIG["tools"]["indexes"]:
    retrievers.append(
        VectorSearchRetrieverTool(  # uses: vector_search_index bio.papers.abstracts; vector_search_index bio.lab.protocols
            index_name=index["name"], tool_name=index["tool"]
        )
    )
genies = [
    GenieAgent(  # uses: genie_space 01efcafe0123456789abcdef01234567
        space_id, genie_agent_name=name
    )
    for name, space_id in CONFIG.get("spaces", {}).items()
]

mlflow.models.set_model(create_react_agent(llm, [*toolkit.tools, *retrievers]))
