"""Code of 2024: langchain_community's classes."""

import mlflow
from databricks.vector_search.client import VectorSearchClient
from langchain.chains import RetrievalQA
from langchain_community.chat_models import ChatDatabricks
from langchain_community.chat_models.mlflow import ChatMlflow
from langchain_community.embeddings import DatabricksEmbeddings
from langchain_community.llms import Databricks
from langchain_community.tools.databricks import UCFunctionToolkit
from langchain_community.vectorstores import DatabricksVectorSearch

VECTOR_SEARCH_ENDPOINT_NAME = "dbdemos_vs_endpoint"
index_name = "dbdemos.rag.documentation_vs_index"

embedding_model = DatabricksEmbeddings(  # uses: serving_endpoint databricks-bge-large-en
    endpoint="databricks-bge-large-en"
)


def get_retriever(persist_dir: str | None = None):
    vsc = VectorSearchClient()
    vs_index = vsc.get_index(  # uses: vector_search_index dbdemos.rag.documentation_vs_index
        endpoint_name=VECTOR_SEARCH_ENDPOINT_NAME, index_name=index_name
    )
    store = DatabricksVectorSearch(vs_index, text_column="content", embedding=embedding_model)
    return store.as_retriever()


chat_model = ChatDatabricks(  # uses: serving_endpoint databricks-dbrx-instruct
    target_uri="databricks", endpoint="databricks-dbrx-instruct", max_tokens=200
)
gateway = ChatMlflow(  # uses: serving_endpoint legacy-gateway
    target_uri="databricks", endpoint="legacy-gateway"
)
llm = Databricks(endpoint_name="dolly")  # uses: serving_endpoint dolly

tools = (
    UCFunctionToolkit(  # uses: sql_warehouse 0a1b2c3d4e5f6071; function dbdemos.tools.add; function dbdemos.tools.divide
        warehouse_id="0a1b2c3d4e5f6071"
    )
    .include("dbdemos.tools.add", "dbdemos.tools.divide")
    .get_tools()
)

chain = RetrievalQA.from_chain_type(llm=chat_model, chain_type="stuff", retriever=get_retriever())
mlflow.models.set_model(chain)
