"""Driver code behind the main guard: it does not run when the agent is loaded."""

import mlflow


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


AGENT = Echo()
mlflow.models.set_model(AGENT)

if __name__ == "__main__":
    from databricks import agents
    from databricks.sdk import WorkspaceClient
    from databricks_langchain import ChatDatabricks
    from mlflow.models.resources import DatabricksServingEndpoint

    judge = ChatDatabricks(endpoint="databricks-claude-sonnet-4")
    print(judge.invoke("Is this an echo?"))
    WorkspaceClient().serving_endpoints.query(name="echo", inputs=["a"])
    info = mlflow.pyfunc.log_model(
        name="echo",
        python_model="agent.py",
        resources=[DatabricksServingEndpoint(endpoint_name="databricks-claude-sonnet-4")],
        registered_model_name="main.agents.echo",
    )
    agents.deploy("main.agents.echo", info.registered_model_version)
