"""Another agent that is an app, and models governed as services of Unity Catalog."""

import os

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks
from databricks_openai import DatabricksOpenAI
from openai import OpenAI

w = WorkspaceClient()
client = DatabricksOpenAI(workspace_client=w, use_ai_gateway=True)
governed = ChatDatabricks(  # uses: uc_model_service system.ai.databricks-claude-opus-4-6
    model="system.ai.databricks-claude-opus-4-6", use_ai_gateway=True
)
gateway = OpenAI(
    api_key=os.environ["DATABRICKS_TOKEN"], base_url=f"{w.config.host}/ai-gateway/mlflow/v1"
)


class Broker(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        other = client.responses.create(  # uses: app claims-agent
            model="apps/claims-agent", input=model_input
        )
        url = w.apps.get(name="claims-agent").url  # uses: app claims-agent
        service = w.ai_gateway.get_model_service(  # uses: uc_model_service insurance.ai.chat
            "model-services/insurance.ai.chat"
        )
        answer = gateway.chat.completions.create(  # uses: uc_model_service insurance.ai.chat
            model="insurance.ai.chat", messages=[{"role": "user", "content": str(other)}]
        )
        return [governed.invoke("a"), url, service.comment, answer]


mlflow.models.set_model(Broker())
