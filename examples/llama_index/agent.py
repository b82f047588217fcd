"""A LlamaIndex chat engine, logged with MLflow's `llama_index` flavor. Its model echoes."""

import mlflow
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import MockLLM
from mlflow.models import ModelConfig

config = ModelConfig(development_config="config.yml")

# Offline; `llama-index-llms-databricks` has the model to put here.
model = MockLLM()

# The engine and not an index: of an index, MLflow would have to be told which engine to make.
mlflow.models.set_model(
    SimpleChatEngine.from_defaults(llm=model, system_prompt=config.get("system_prompt"))
)
