"""A supervisor over a Genie space and a coder, in the style of the multi-agent notebook."""

import functools
import os
from typing import Literal

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks, UCFunctionToolkit
from databricks_langchain.genie import GenieAgent
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, StateGraph
from langgraph.prebuilt import create_react_agent
from mlflow.pyfunc import ChatAgent
from mlflow.types.agent import ChatAgentMessage, ChatAgentResponse
from pydantic import BaseModel

GENIE_SPACE_ID = "01f0a1b2c3d4e5f60718293a4b5c6d7e"
genie_agent_description = "This genie agent can answer questions about sales figures."

genie_agent = GenieAgent(  # uses: genie_space 01f0a1b2c3d4e5f60718293a4b5c6d7e
    genie_space_id=GENIE_SPACE_ID,
    genie_agent_name="Genie",
    description=genie_agent_description,
    client=WorkspaceClient(
        host=os.getenv("DB_MODEL_SERVING_HOST_URL"),
        token=os.getenv("DATABRICKS_GENIE_PAT"),
    ),
)

LLM_ENDPOINT_NAME = "databricks-claude-3-7-sonnet"
assert LLM_ENDPOINT_NAME is not None
llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-3-7-sonnet
    endpoint=LLM_ENDPOINT_NAME
)

tools = []
uc_tool_names = ["system.ai.*"]
uc_toolkit = UCFunctionToolkit(function_names=uc_tool_names)  # uses: function system.ai.*
tools.extend(uc_toolkit.tools)
code_agent_description = "The Coder writes and runs Python."
code_agent = create_react_agent(llm, tools=tools)

MAX_ITERATIONS = 3

worker_descriptions = {"Genie": genie_agent_description, "Coder": code_agent_description}
formatted_descriptions = "\n".join(f"- {n}: {d}" for n, d in worker_descriptions.items())
system_prompt = f"Decide between routing to these workers or finishing.\n{formatted_descriptions}"
options = ["FINISH", *worker_descriptions.keys()]


def supervisor_agent(state):
    count = state.get("iteration_count", 0) + 1
    if count > MAX_ITERATIONS:
        return {"next_node": "FINISH"}

    class NextNode(BaseModel):
        next_node: Literal[tuple(options)]

    preprocessor = RunnableLambda(
        lambda state: [{"role": "system", "content": system_prompt}] + state["messages"]
    )
    chain = preprocessor | llm.with_structured_output(NextNode)
    return {"iteration_count": count, "next_node": chain.invoke(state).next_node}


def agent_node(state, agent, name):
    result = agent.invoke(state)
    return {"messages": [{"role": "assistant", "content": result["messages"][-1].content}]}


def final_answer(state):
    messages = state["messages"] + [{"role": "user", "content": "Give the final answer."}]
    return {"messages": [llm.invoke(messages)]}


workflow = StateGraph(dict)
workflow.add_node("Genie", functools.partial(agent_node, agent=genie_agent, name="Genie"))
workflow.add_node("Coder", functools.partial(agent_node, agent=code_agent, name="Coder"))
workflow.add_node("supervisor", supervisor_agent)
workflow.add_node("final_answer", final_answer)
workflow.set_entry_point("supervisor")
for worker in worker_descriptions:
    workflow.add_edge(worker, "supervisor")
workflow.add_conditional_edges(
    "supervisor",
    lambda x: x["next_node"],
    {**{k: k for k in worker_descriptions}, "FINISH": "final_answer"},
)
workflow.add_edge("final_answer", END)
multi_agent = workflow.compile()


class LangGraphChatAgent(ChatAgent):
    def __init__(self, agent):
        self.agent = agent

    def predict(self, messages, context=None, custom_inputs=None) -> ChatAgentResponse:
        result = self.agent.invoke({"messages": [m.model_dump() for m in messages]})
        return ChatAgentResponse(messages=[ChatAgentMessage(**m) for m in result["messages"]])


mlflow.langchain.autolog()
AGENT = LangGraphChatAgent(multi_agent)
mlflow.models.set_model(AGENT)
