"""Constants by star, through a package that passes them on."""

import mlflow
from configuration import *
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool
from langgraph.prebuilt import create_react_agent

llm = ChatDatabricks(endpoint=LLM)  # uses: serving_endpoint press-chat
retriever = VectorSearchRetrieverTool(  # uses: vector_search_index press.kb.articles
    index_name=ARTICLES
)

mlflow.models.set_model(create_react_agent(llm, [retriever]))
