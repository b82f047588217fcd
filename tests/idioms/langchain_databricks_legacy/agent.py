"""Code of late 2024: langchain_databricks."""

import mlflow
from langchain_core.runnables import RunnablePassthrough
from langchain_databricks import ChatDatabricks, DatabricksEmbeddings
from langchain_databricks.vectorstores import DatabricksVectorSearch

embeddings = DatabricksEmbeddings(  # uses: serving_endpoint databricks-gte-large-en
    endpoint="databricks-gte-large-en"
)
store = DatabricksVectorSearch(  # uses: vector_search_index old.rag.pages
    "old.rag.pages", "vs_endpoint", embeddings, "text", ["id", "url"]
)
model = ChatDatabricks(  # uses: serving_endpoint databricks-meta-llama-3-1-70b-instruct
    endpoint="databricks-meta-llama-3-1-70b-instruct",
    temperature=0,
)
chain = {"context": store.as_retriever(), "question": RunnablePassthrough()} | model
mlflow.models.set_model(chain)
