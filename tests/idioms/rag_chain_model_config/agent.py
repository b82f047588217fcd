"""A LangChain RAG chain that reads everything from its model config."""

from operator import itemgetter

import mlflow
from databricks_langchain import ChatDatabricks, DatabricksEmbeddings, DatabricksVectorSearch
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda

mlflow.langchain.autolog()

model_config = mlflow.models.ModelConfig(development_config="config.yml")
databricks_resources = model_config.get("databricks_resources")
retriever_config = model_config.get("retriever_config")
llm_config = model_config.get("llm_config")

vector_store = DatabricksVectorSearch(  # uses: vector_search_index rag.demo.chunks_index
    endpoint=databricks_resources.get("vector_search_endpoint_name"),
    index_name=retriever_config.get("vector_search_index"),
    embedding=DatabricksEmbeddings(  # uses: serving_endpoint databricks-gte-large-en
        endpoint=databricks_resources["embedding_endpoint_name"]
    ),
    text_column="chunk_text",
    columns=["chunk_id", "chunk_text", "source"],
)
retriever = vector_store.as_retriever(search_kwargs=retriever_config.get("parameters"))
mlflow.models.set_retriever_schema(primary_key="chunk_id", text_column="chunk_text")

fallback_index = DatabricksVectorSearch(  # uses: vector_search_index rag.demo.old_chunks_index
    model_config.get("fallback_index")
).as_retriever()

prompt = ChatPromptTemplate.from_messages(
    [("system", llm_config.get("llm_prompt_template")), ("user", "{question}")]
)
model = ChatDatabricks(  # uses: serving_endpoint databricks-llama-4-maverick
    endpoint=databricks_resources.get("llm_endpoint_name"),
    extra_params=llm_config.get("llm_parameters"),
)


def format_context(docs) -> str:
    return "\n".join(d.page_content for d in docs)


chain = (
    {
        "question": itemgetter("messages") | RunnableLambda(lambda m: m[-1]["content"]),
        "context": itemgetter("messages")
        | RunnableLambda(lambda m: m[-1]["content"])
        | retriever.with_fallbacks([fallback_index])
        | RunnableLambda(format_context),
    }
    | prompt
    | model
    | StrOutputParser()
)
mlflow.models.set_model(model=chain)
