"""A ModelConfig without a file here: what the agent will be logged with can't be known."""

import mlflow
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool
from langgraph.prebuilt import create_react_agent

config = mlflow.models.ModelConfig()
development = mlflow.models.ModelConfig(development_config={"index": "dev.me.docs"})

llm = ChatDatabricks(endpoint=config.get("llm_endpoint"))  # uses: serving_endpoint ?
retriever = VectorSearchRetrieverTool(  # uses: vector_search_index ?
    index_name=development.get("index")
)

mlflow.models.set_model(create_react_agent(llm, [retriever]))
