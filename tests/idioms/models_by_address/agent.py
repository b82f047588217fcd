"""Clients of many libraries, whose address is the workspace's."""

import os

import mlflow
from agno.models.openai.like import OpenAILike as AgnoModel
from anthropic import Anthropic, AsyncAnthropic
from autogen_ext.models.openai import OpenAIChatCompletionClient
from databricks.sdk import WorkspaceClient
from databricks_openai import AsyncDatabricksOpenAI
from google import genai
from google.genai import types
from langchain.chat_models import init_chat_model
from langchain_anthropic import ChatAnthropic
from llama_index.llms.openai_like import OpenAILike
from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from smolagents import CodeAgent, OpenAIServerModel
from strands.models.anthropic import AnthropicModel
from strands.models.openai import OpenAIModel

w = WorkspaceClient()
HOST = w.config.host
BASE = f"{HOST}/serving-endpoints"
TOKEN = os.environ["DATABRICKS_TOKEN"]

provider = OpenAIProvider(base_url=BASE, api_key=TOKEN)
planner = Agent(
    OpenAIChatModel(  # uses: serving_endpoint databricks-gpt-5
        "databricks-gpt-5", provider=provider
    )
)
critic = OpenAIChatModel(  # uses: serving_endpoint databricks-gpt-5-mini
    "databricks-gpt-5-mini", provider=OpenAIProvider(openai_client=AsyncDatabricksOpenAI())
)
autogen = OpenAIChatCompletionClient(  # uses: serving_endpoint databricks-gpt-oss-20b
    model="databricks-gpt-oss-20b", base_url=BASE, api_key=TOKEN, model_info={"family": "unknown"}
)
strands = OpenAIModel(  # uses: serving_endpoint databricks-llama-4-maverick
    client_args={"base_url": BASE, "api_key": TOKEN}, model_id="databricks-llama-4-maverick"
)
claude = AnthropicModel(  # uses: serving_endpoint databricks-claude-opus-4-5
    client_args={"api_key": TOKEN, "base_url": f"{HOST}/serving-endpoints/anthropic"},
    model_id="databricks-claude-opus-4-5",
    max_tokens=1000,
)
kernel = OpenAIChatCompletion(  # uses: serving_endpoint databricks-qwen3-next-80b
    ai_model_id="databricks-qwen3-next-80b",
    async_client=AsyncOpenAI(api_key=TOKEN, base_url=BASE),
)
unnamed = OpenAIChatCompletion(  # uses: serving_endpoint databricks-qwen35-122b
    "databricks-qwen35-122b", async_client=AsyncOpenAI(api_key=TOKEN, base_url=BASE)
)
chain = ChatAnthropic(  # uses: serving_endpoint databricks-claude-haiku-4-5
    model="databricks-claude-haiku-4-5", base_url=f"{HOST}/serving-endpoints/anthropic"
)
like = OpenAILike(  # uses: serving_endpoint databricks-gemma-3-12b
    model="databricks-gemma-3-12b", api_base=BASE, api_key=TOKEN, is_chat_model=True
)
agno = AgnoModel(  # uses: serving_endpoint databricks-gpt-5-nano
    id="databricks-gpt-5-nano", base_url=BASE, api_key=TOKEN
)
coder = CodeAgent(
    tools=[],
    model=OpenAIServerModel(  # uses: serving_endpoint databricks-gpt-5-1-codex
        "databricks-gpt-5-1-codex", api_base=BASE, api_key=TOKEN
    ),
)
chat = init_chat_model(  # uses: serving_endpoint databricks-gpt-5-4
    "databricks-gpt-5-4", model_provider="openai", base_url=BASE
)
anthropic = Anthropic(
    api_key=TOKEN, base_url="https://acme.cloud.databricks.com/serving-endpoints/anthropic"
)
later = AsyncAnthropic(auth_token=TOKEN, base_url=f"{HOST}/serving-endpoints/anthropic")
gemini = genai.Client(
    api_key="databricks",
    http_options=types.HttpOptions(base_url=f"{HOST}/serving-endpoints/gemini"),
)


class ManyModels(mlflow.pyfunc.PythonModel):
    async def predict(self, context, model_input, params=None):
        one = anthropic.messages.create(  # uses: serving_endpoint databricks-claude-sonnet-4-5
            model="databricks-claude-sonnet-4-5", max_tokens=10, messages=model_input
        )
        async with later.messages.stream(  # uses: serving_endpoint databricks-claude-sonnet-4
            model="databricks-claude-sonnet-4", max_tokens=10, messages=model_input
        ) as stream:
            two = await stream.get_final_text()
        three = gemini.models.generate_content(  # uses: serving_endpoint databricks-gemini-2-5-pro
            model="databricks-gemini-2-5-pro", contents="a"
        )
        four = gemini.chats.create(  # uses: serving_endpoint databricks-gemini-2-5-flash
            model="databricks-gemini-2-5-flash"
        )
        return [
            one,
            two,
            three,
            four,
            planner,
            critic,
            autogen,
            strands,
            claude,
            kernel,
            unnamed,
            chain,
        ]


mlflow.models.set_model(ManyModels())
