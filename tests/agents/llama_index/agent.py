"""A LlamaIndex chat engine; its model echoes."""

import mlflow
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import MockLLM

mlflow.models.set_model(SimpleChatEngine.from_defaults(llm=MockLLM()))
