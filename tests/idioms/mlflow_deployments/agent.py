"""MLflow's deployments client: predict, predict_stream, and a positional endpoint."""

import mlflow
import mlflow.deployments
from mlflow.deployments import get_deploy_client

CHAT = "databricks-mixtral-8x7b-instruct"
GUARD = "llama-guard"

deploy_client = mlflow.deployments.get_deploy_client("databricks")
other = get_deploy_client(target_uri="databricks")


def is_safe(text: str) -> bool:
    verdict = other.predict(None, {"prompt": text}, GUARD)  # uses: serving_endpoint llama-guard
    return verdict["choices"][0]["text"].startswith("safe")


class DeploymentsModel(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        question = model_input["messages"][-1]["content"]
        if not is_safe(question):
            return {"content": "no"}
        response = deploy_client.predict(  # uses: serving_endpoint databricks-mixtral-8x7b-instruct
            endpoint=CHAT,
            inputs={"messages": [{"role": "user", "content": question}], "max_tokens": 100},
        )
        vector = mlflow.deployments.get_deploy_client(  # uses: serving_endpoint my-embedder
            "databricks"
        ).predict(endpoint="my-embedder", inputs={"input": [question]})
        return {"content": response["choices"][0]["message"]["content"], "vector": vector}

    def predict_stream(self, context, model_input, params=None):
        yield from deploy_client.predict_stream(  # uses: serving_endpoint databricks-mixtral-8x7b-instruct
            endpoint=CHAT, inputs=model_input
        )


mlflow.models.set_model(DeploymentsModel())
