"""Names from parts: f-strings, sums, and an f-string in a helper."""

import mlflow
from databricks.vector_search.client import VectorSearchClient
from databricks_langchain import ChatDatabricks, DatabricksVectorSearch, UCFunctionToolkit
from langgraph.prebuilt import create_react_agent

catalog = "retail"
schema = "agents"
FULL_SCHEMA = f"{catalog}.{schema}"
INDEX_NAME = FULL_SCHEMA + ".products_index"
VERSION = 3


def full_name(name: str) -> str:
    return f"{catalog}.{schema}.{name}"


vs_index_fullname = f"{catalog}.{schema}.reviews_index"
store = DatabricksVectorSearch(INDEX_NAME)  # uses: vector_search_index retail.agents.products_index
reviews = VectorSearchClient().get_index(  # uses: vector_search_index retail.agents.reviews_index
    "shared", vs_index_fullname
)

toolkit = UCFunctionToolkit(  # uses: function retail.agents.stock; function retail.agents.price
    function_names=[full_name("stock"), full_name("price")]
)
llm = ChatDatabricks(endpoint=f"retail-chat-v{VERSION}")  # uses: serving_endpoint retail-chat-v3

mlflow.models.set_model(create_react_agent(llm, toolkit.tools))
