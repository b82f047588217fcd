"""Clients that go to the AI gateway, or to an app, whatever the model is called."""

import mlflow
from databricks_langchain import ChatDatabricks
from databricks_openai import AsyncDatabricksOpenAI, DatabricksOpenAI
from openai import OpenAI

APP = "https://claims-agent-1234567890123456.7.azure.databricksapps.com"

short = ChatDatabricks(  # uses: uc_model_service ?
    model="claude-sonnet", use_ai_gateway=True
)
native = ChatDatabricks(  # uses: uc_model_service shop.ai.chat
    endpoint="shop.ai.chat", use_ai_gateway_native_api=True
)
plain = ChatDatabricks(  # uses: serving_endpoint databricks-gpt-5
    endpoint="databricks-gpt-5", use_ai_gateway=False
)
app = DatabricksOpenAI(base_url=APP)  # uses: app claims-agent
gateway = AsyncDatabricksOpenAI(use_ai_gateway=True)
own = OpenAI(api_key="x", base_url="https://7.ai-gateway.cloud.databricks.com/mlflow/v1")


class Broker(mlflow.pyfunc.PythonModel):
    async def predict(self, context, model_input, params=None):
        one = app.responses.create(model="x", input=model_input)
        two = await gateway.chat.completions.create(  # uses: uc_model_service shop.ai.small
            model="shop.ai.small", messages=model_input
        )
        three = own.chat.completions.create(  # uses: uc_model_service shop.ai.large
            model="shop.ai.large", messages=model_input
        )
        return [one, two, three, short, native, plain]


mlflow.models.set_model(Broker())
