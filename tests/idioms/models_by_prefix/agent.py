"""Models that are named in LiteLLM's way, whichever library is handed the name."""

import mlflow
from agno.agent import Agent as AgnoAgent
from agno.models.litellm import LiteLLM
from crewai import Crew
from google.adk.agents import LlmAgent
from google.adk.models.lite_llm import LiteLlm
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware
from langchain.chat_models import init_chat_model
from litellm import Router
from smolagents import LiteLLMModel
from strands import Agent
from strands.models.litellm import LiteLLMModel as StrandsModel

strands = Agent(
    model=StrandsModel(  # uses: serving_endpoint databricks-claude-sonnet-4
        client_args={"api_key": "x"}, model_id="databricks/databricks-claude-sonnet-4"
    )
)
adk = LlmAgent(
    name="clerk",
    model=LiteLlm(  # uses: serving_endpoint databricks-gpt-5
        model="databricks/databricks-gpt-5"
    ),
)
smol = LiteLLMModel(  # uses: serving_endpoint databricks-gpt-oss-120b
    model_id="databricks/databricks-gpt-oss-120b"
)
agno = AgnoAgent(
    model=LiteLLM(  # uses: serving_endpoint databricks-gemini-2-5-pro
        id="databricks/databricks-gemini-2-5-pro", name="LiteLLM"
    )
)
router = Router(  # uses: serving_endpoint databricks-gpt-5-mini; serving_endpoint spare-model
    model_list=[
        {
            "model_name": "chat",
            "litellm_params": {"model": "databricks/databricks-gpt-5-mini", "rpm": 60},
        },
        {"model_name": "chat", "litellm_params": {"model": "databricks/spare-model"}},
        {"model_name": "other", "litellm_params": {"model": "azure/gpt-4.1"}},
    ]
)
chat = init_chat_model(  # uses: serving_endpoint databricks-gpt-5-nano
    "databricks:databricks-gpt-5-nano", temperature=0
)
agent = create_agent(  # uses: serving_endpoint databricks-gpt-5-2
    "databricks:databricks-gpt-5-2",
    middleware=[
        ModelFallbackMiddleware(  # uses: serving_endpoint databricks-gpt-5-1
            "databricks:databricks-gpt-5-1", "openai:gpt-5"
        )
    ],
)
crew = Crew(manager_llm="databricks/databricks-qwen3")  # uses: serving_endpoint databricks-qwen3
provided = init_chat_model(  # uses: serving_endpoint databricks-llama-4-maverick
    "databricks-llama-4-maverick", model_provider="databricks"
)


class Prefixed(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        answer = router.completion(model="chat", messages=model_input)
        return [answer, strands("a"), adk.name, smol, agno, chat, provided, agent, crew]


mlflow.models.set_model(Prefixed())
