"""Sessions of the OpenAI Agents SDK in Lakebase, and pools by hand."""

import mlflow
from agents import Agent, RunConfig, Runner, set_default_openai_client
from databricks_ai_bridge.lakebase import AsyncLakebasePool, LakebaseClient, LakebasePool
from databricks_openai import AsyncDatabricksOpenAI
from databricks_openai.agents import AsyncDatabricksSession

INSTANCE = "sessions-db"

set_default_openai_client(AsyncDatabricksOpenAI())
agent = Agent(  # uses: serving_endpoint databricks-claude-haiku-4-5
    name="assistant", model="databricks-claude-haiku-4-5"
)
pool = LakebasePool(instance_name=INSTANCE)  # uses: lakebase sessions-db


def grant(role: str) -> None:
    with LakebaseClient(instance_name="audit-db") as client:  # uses: lakebase audit-db
        client.create_role(role, "USER")


async def answer(user: str, text: str) -> str:
    session = AsyncDatabricksSession(user, instance_name=INSTANCE)  # uses: lakebase sessions-db
    async with AsyncLakebasePool(instance_name=INSTANCE) as other:  # uses: lakebase sessions-db
        await other.open()
    config = RunConfig(  # uses: serving_endpoint databricks-gpt-oss-120b
        model="databricks-gpt-oss-120b"
    )
    result = await Runner.run(agent, text, session=session, run_config=config)
    return result.final_output


class Assistant(mlflow.pyfunc.PythonModel):
    async def predict(self, context, model_input, params=None):
        return await answer("u", str(model_input))


mlflow.models.set_model(Assistant())
