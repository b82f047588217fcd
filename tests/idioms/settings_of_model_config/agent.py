"""Pydantic models and dataclasses: made from the model config, and their fields' defaults."""

from dataclasses import dataclass, field

import mlflow
from databricks_langchain import ChatDatabricks, DatabricksVectorSearch, UCFunctionToolkit
from mlflow.pyfunc import ResponsesAgent
from pydantic import BaseModel, Field

config = mlflow.models.ModelConfig(development_config="config.yml")


class Retriever(BaseModel):
    index: str


class Settings(BaseModel):
    llm_endpoint: str
    judge_endpoint: str = Field(default="chat-judge", description="Who judges")
    small_endpoint: str = Field("chat-small")
    retriever: Retriever = Field(...)


@dataclass
class Tools:
    names: list[str] = field(default_factory=lambda: ["prod.tools.area"])
    endpoint: str = field(default="chat-tools")


settings = Settings.model_validate(config.to_dict())
same = Settings(**config.to_dict())
tools = Tools()


class Agent(ResponsesAgent):
    def predict(self, request):
        ChatDatabricks(endpoint=settings.llm_endpoint)  # uses: serving_endpoint chat-of-config
        ChatDatabricks(endpoint=same.judge_endpoint)  # uses: serving_endpoint chat-judge
        ChatDatabricks(endpoint=settings.small_endpoint)  # uses: serving_endpoint chat-small
        DatabricksVectorSearch(  # uses: vector_search_index prod.agents.docs
            settings.retriever.index
        )
        ChatDatabricks(  # uses: serving_endpoint chat-other
            endpoint=config.get("other", {}).get("endpoint", "chat-other")
        )
        UCFunctionToolkit(function_names=tools.names)  # uses: function prod.tools.area
        ChatDatabricks(endpoint=tools.endpoint)  # uses: serving_endpoint chat-tools


mlflow.models.set_model(Agent())
