"""Settings as dataclasses, a NamedTuple and a pydantic model, with their defaults or set."""

from dataclasses import dataclass, field
from typing import NamedTuple

import mlflow
from databricks_langchain import ChatDatabricks, DatabricksEmbeddings, DatabricksVectorSearch
from databricks_langchain.genie import GenieAgent
from pydantic import BaseModel


@dataclass
class AgentSettings:
    llm_endpoint: str = "databricks-gpt-5-mini"
    temperature: float = 0.0
    indexes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RetrieverSettings:
    index_name: str
    embedding: str = "databricks-gte-large-en"


class Space(NamedTuple):
    space_id: str
    title: str = "Figures"


class Fallback(BaseModel):
    endpoint: str = "databricks-gpt-oss-20b"


settings = AgentSettings(temperature=0.2)
retriever_settings = RetrieverSettings(index_name="legal.contracts.clauses")
space = Space("01f0a1b2c3d4e5f60718293a4b5c6d7e")
fallback = Fallback()

llm = ChatDatabricks(  # uses: serving_endpoint databricks-gpt-5-mini
    endpoint=settings.llm_endpoint, temperature=settings.temperature
)
spare = ChatDatabricks(endpoint=fallback.endpoint)  # uses: serving_endpoint databricks-gpt-oss-20b
store = DatabricksVectorSearch(  # uses: vector_search_index legal.contracts.clauses
    retriever_settings.index_name,
    embedding=DatabricksEmbeddings(  # uses: serving_endpoint databricks-gte-large-en
        endpoint=retriever_settings.embedding
    ),
    text_column="clause",
)
genie = GenieAgent(  # uses: genie_space 01f0a1b2c3d4e5f60718293a4b5c6d7e
    space.space_id, space.title
)

mlflow.models.set_model(llm.with_fallbacks([spare]))
