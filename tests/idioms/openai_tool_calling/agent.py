"""OpenAI client with tools: the endpoint is an argument of the class and lives on self."""

import json
from collections.abc import Callable, Generator
from typing import Any
from uuid import uuid4

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_openai import UCFunctionToolkit, VectorSearchRetrieverTool
from mlflow.entities import SpanType
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import (
    ResponsesAgentRequest,
    ResponsesAgentResponse,
    ResponsesAgentStreamEvent,
)
from openai import OpenAI
from pydantic import BaseModel
from unitycatalog.ai.core.base import get_uc_function_client

LLM_ENDPOINT_NAME = "databricks-meta-llama-3-3-70b-instruct"
SYSTEM_PROMPT = "You are a helpful assistant that can run Python code."


class ToolInfo(BaseModel):
    name: str
    spec: dict
    exec_fn: Callable


def create_tool_info(tool_spec: dict, exec_fn_param: Callable | None = None) -> ToolInfo:
    tool_spec["function"].pop("strict", None)
    tool_name = tool_spec["function"]["name"]
    udf_name = tool_name.replace("__", ".")

    def exec_fn(**kwargs: Any) -> Any:
        result = uc_function_client.execute_function(udf_name, kwargs)  # uses: function ?
        return result.error if result.error is not None else result.value

    return ToolInfo(name=tool_name, spec=tool_spec, exec_fn=exec_fn_param or exec_fn)


TOOL_INFOS = []

UC_TOOL_NAMES = ["system.ai.python_exec"]
uc_toolkit = UCFunctionToolkit(function_names=UC_TOOL_NAMES)  # uses: function system.ai.python_exec
uc_function_client = get_uc_function_client()
for tool_spec in uc_toolkit.tools:
    TOOL_INFOS.append(create_tool_info(tool_spec))

VECTOR_SEARCH_TOOLS = []
VECTOR_SEARCH_TOOLS.append(
    VectorSearchRetrieverTool(  # uses: vector_search_index prod.docs.handbook_index
        index_name="prod.docs.handbook_index",
    )
)
for vs_tool in VECTOR_SEARCH_TOOLS:
    TOOL_INFOS.append(create_tool_info(vs_tool.tool, vs_tool.execute))


class ToolCallingAgent(ResponsesAgent):
    """Holds the endpoint's name and the tools by name."""

    def __init__(self, llm_endpoint: str, tools: list[ToolInfo]):
        self.llm_endpoint = llm_endpoint
        self.workspace_client = WorkspaceClient()
        self.model_serving_client: OpenAI = (
            self.workspace_client.serving_endpoints.get_open_ai_client()
        )
        self._tools_dict = {tool.name: tool for tool in tools}

    def get_tool_specs(self) -> list[dict]:
        return [tool_info.spec for tool_info in self._tools_dict.values()]

    @mlflow.trace(span_type=SpanType.TOOL)
    def execute_tool(self, tool_name: str, args: dict) -> Any:
        return self._tools_dict[tool_name].exec_fn(**args)

    def call_llm(self, messages: list[dict[str, Any]]) -> Generator[dict[str, Any], None, None]:
        for chunk in self.model_serving_client.chat.completions.create(  # uses: serving_endpoint databricks-meta-llama-3-3-70b-instruct
            model=self.llm_endpoint,
            messages=messages,
            tools=self.get_tool_specs(),
            stream=True,
        ):
            yield chunk.to_dict()

    def call_and_run_tools(self, messages: list[dict], max_iter: int = 10):
        for _ in range(max_iter):
            *_, last = self.call_llm(messages)
            calls = last["choices"][0]["delta"].get("tool_calls")
            if not calls:
                yield ResponsesAgentStreamEvent(
                    type="response.output_item.done",
                    item=self.create_text_output_item(str(last), str(uuid4())),
                )
                return
            for call in calls:
                args = json.loads(call["function"]["arguments"])
                result = str(self.execute_tool(call["function"]["name"], args))
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        return ResponsesAgentResponse(output=[e.item for e in self.predict_stream(request)])

    def predict_stream(self, request: ResponsesAgentRequest):
        messages = [{"role": "system", "content": SYSTEM_PROMPT}] + [
            i.model_dump() for i in request.input
        ]
        yield from self.call_and_run_tools(messages)


mlflow.openai.autolog()
AGENT = ToolCallingAgent(llm_endpoint=LLM_ENDPOINT_NAME, tools=TOOL_INFOS)
mlflow.models.set_model(AGENT)
