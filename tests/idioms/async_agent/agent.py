"""Asynchronous clients, a saver in async with, and tools gathered."""

import asyncio
from collections.abc import AsyncGenerator

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import AsyncCheckpointSaver, ChatDatabricks
from databricks_openai import AsyncDatabricksOpenAI
from langgraph.prebuilt import create_react_agent
from mlflow.genai.agent_server import invoke, stream
from mlflow.types.responses import (
    ResponsesAgentRequest,
    ResponsesAgentResponse,
    ResponsesAgentStreamEvent,
)

EMBEDDING = "databricks-gte-large-en"
client = AsyncDatabricksOpenAI(workspace_client=WorkspaceClient())


async def embed(text: str) -> list[float]:
    response = await client.embeddings.create(  # uses: serving_endpoint databricks-gte-large-en
        model=EMBEDDING, input=text
    )
    return response.data[0].embedding


async def chat(text: str) -> str:
    response = (
        await client.chat.completions.create(  # uses: serving_endpoint databricks-gemma-3-12b
            messages=[{"role": "user", "content": text}], model="databricks-gemma-3-12b"
        )
    )
    return response.choices[0].message.content


async def build(saver):
    llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4-5
        endpoint="databricks-claude-sonnet-4-5"
    )
    return create_react_agent(llm, [embed, chat], checkpointer=saver)


@stream()
async def streaming(
    request: ResponsesAgentRequest,
) -> AsyncGenerator[ResponsesAgentStreamEvent, None]:
    async with AsyncCheckpointSaver(instance_name="threads") as saver:  # uses: lakebase threads
        graph = await build(saver)
        async for event in graph.astream({"messages": request.input}):
            yield ResponsesAgentStreamEvent(type="response.output_item.done", item=event)


@invoke()
async def non_streaming(request: ResponsesAgentRequest) -> ResponsesAgentResponse:
    vectors, text = await asyncio.gather(embed("a"), chat("b"))
    parsed = await client.responses.create(  # uses: serving_endpoint databricks-gpt-5-nano
        model="databricks-gpt-5-nano", input=f"{text}{len(vectors)}"
    )
    return ResponsesAgentResponse(output=parsed.output)
