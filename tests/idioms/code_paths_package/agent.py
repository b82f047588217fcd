"""A package in code paths with relative imports; the agent knows only its factory."""

import mlflow
from travel.factory import create_agent

mlflow.langchain.autolog()
AGENT = create_agent()
mlflow.models.set_model(AGENT)
