"""A stateful agent: checkpoints and long-term memory in Lakebase."""

import os
import uuid

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks, CheckpointSaver, DatabricksStore
from langchain_core.tools import tool
from langgraph.prebuilt import create_react_agent
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse

LLM_ENDPOINT_NAME = "databricks-claude-sonnet-4-5"
LAKEBASE_INSTANCE_NAME = "agent-state"
EMBEDDING_ENDPOINT = "databricks-gte-large-en"
EMBEDDING_DIMS = 1024


class StatefulAgent(ResponsesAgent):
    def __init__(self, lakebase_config: dict):
        self.lakebase_config = lakebase_config
        self.workspace_client = WorkspaceClient()
        self.model = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4-5
            endpoint=LLM_ENDPOINT_NAME
        )
        self._store = None

    @property
    def store(self) -> DatabricksStore:
        if self._store is None:
            self._store = DatabricksStore(  # uses: lakebase agent-state; serving_endpoint databricks-gte-large-en
                instance_name=self.lakebase_config["instance_name"],
                embedding_endpoint=EMBEDDING_ENDPOINT,
                embedding_dims=EMBEDDING_DIMS,
            )
            self._store.setup()
        return self._store

    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        thread_id = (request.custom_inputs or {}).get("thread_id", str(uuid.uuid4()))

        @tool
        def remember(fact: str) -> str:
            """Keep a fact about the user."""
            self.store.put(("facts", thread_id), str(uuid.uuid4()), {"fact": fact})
            return "kept"

        with CheckpointSaver(  # uses: lakebase agent-state
            instance_name=self.lakebase_config["instance_name"],
            workspace_client=self.workspace_client,
            max_size=self.lakebase_config["pool"],
        ) as checkpointer:
            graph = create_react_agent(self.model, [remember], checkpointer=checkpointer)
            result = graph.invoke(
                {"messages": [i.model_dump() for i in request.input]},
                {"configurable": {"thread_id": thread_id}},
            )
        text = result["messages"][-1].content
        return ResponsesAgentResponse(
            output=[self.create_text_output_item(text, "1")],
            custom_outputs={"thread_id": thread_id},
        )


LAKEBASE_CONFIG = {
    "instance_name": LAKEBASE_INSTANCE_NAME,
    "pool": int(os.getenv("DB_POOL_MAX_SIZE", "5")),
}
mlflow.langchain.autolog()
mlflow.models.set_model(StatefulAgent(LAKEBASE_CONFIG))
