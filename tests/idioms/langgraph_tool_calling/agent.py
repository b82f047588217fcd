"""LangGraph in the style of the tool-calling notebook: one endpoint, UC functions, an index."""

from collections.abc import Generator, Sequence
from typing import Annotated, Any, TypedDict
from uuid import uuid4

import mlflow
from databricks_langchain import (
    ChatDatabricks,
    UCFunctionToolkit,
    VectorSearchRetrieverTool,
)
from langchain_core.messages import AnyMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import END, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt.tool_node import ToolNode
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import (
    ResponsesAgentRequest,
    ResponsesAgentResponse,
    ResponsesAgentStreamEvent,
)

mlflow.langchain.autolog()

LLM_ENDPOINT_NAME = "databricks-claude-sonnet-4"
llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4
    endpoint=LLM_ENDPOINT_NAME,
)

SYSTEM_PROMPT = "You answer questions about orders. Look things up, never guess."

tools: list[Any] = []

uc_tool_names = ["system.ai.python_exec", "shop.tools.find_order"]
uc_toolkit = (
    UCFunctionToolkit(  # uses: function system.ai.python_exec; function shop.tools.find_order
        function_names=uc_tool_names,
    )
)
tools.extend(uc_toolkit.tools)

tools.append(
    VectorSearchRetrieverTool(  # uses: vector_search_index shop.support.manuals_index
        index_name="shop.support.manuals_index",
        tool_name="search_manuals",
        tool_description="Finds passages of the manuals",
        num_results=4,
    )
)


class AgentState(TypedDict):
    """What the nodes hand on."""

    messages: Annotated[Sequence[AnyMessage], add_messages]


def create_tool_calling_agent(model: ChatDatabricks, agent_tools: list, prompt: str | None = None):
    model = model.bind_tools(agent_tools)

    def should_continue(state: AgentState) -> str:
        last = state["messages"][-1]
        return "continue" if last.tool_calls else "end"

    preprocessor = RunnableLambda(
        lambda state: (
            [{"role": "system", "content": prompt}] + list(state["messages"])
            if prompt
            else list(state["messages"])
        )
    )
    model_runnable = preprocessor | model

    def call_model(state: AgentState, config: RunnableConfig):
        return {"messages": [model_runnable.invoke(state, config)]}

    workflow = StateGraph(AgentState)
    workflow.add_node("agent", RunnableLambda(call_model))
    workflow.add_node("tools", ToolNode(agent_tools))
    workflow.set_entry_point("agent")
    workflow.add_conditional_edges("agent", should_continue, {"continue": "tools", "end": END})
    workflow.add_edge("tools", "agent")
    return workflow.compile()


class LangGraphResponsesAgent(ResponsesAgent):
    def __init__(self, agent) -> None:
        self.agent = agent

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        outputs = [
            event.item
            for event in self.predict_stream(request)
            if event.type == "response.output_item.done"
        ]
        return ResponsesAgentResponse(output=outputs)

    def predict_stream(
        self, request: ResponsesAgentRequest
    ) -> Generator[ResponsesAgentStreamEvent, None, None]:
        messages = [i.model_dump() for i in request.input]
        for _, update in self.agent.stream({"messages": messages}, stream_mode=["updates"]):
            for node in update.values():
                for message in node["messages"]:
                    yield ResponsesAgentStreamEvent(
                        type="response.output_item.done",
                        item=self.create_text_output_item(message.content, str(uuid4())),
                    )


AGENT = LangGraphResponsesAgent(create_tool_calling_agent(llm, tools, SYSTEM_PROMPT))
mlflow.models.set_model(AGENT)
