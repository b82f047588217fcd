"""Resources declared beside an agent that uses none of them: no use in the code."""

import mlflow
from databricks.sdk import WorkspaceClient
from mlflow.models.auth_policy import UserAuthPolicy
from mlflow.models.resources import (
    DatabricksFunction,
    DatabricksGenieSpace,
    DatabricksServingEndpoint,
    DatabricksVectorSearchIndex,
)

RESOURCES = [
    DatabricksServingEndpoint(endpoint_name="databricks-claude-sonnet-4"),
    DatabricksVectorSearchIndex(index_name="main.agents.docs"),
    DatabricksFunction("main.tools.add"),
    DatabricksGenieSpace(genie_space_id="01f0a1b2c3d4e5f60718293a4b5c6d7e"),
]
POLICY = UserAuthPolicy(api_scopes=["dashboards.genie", "sql.warehouses"])


class WhoAmI(mlflow.pyfunc.PythonModel):
    """The workspace is asked for nothing that has a name."""

    def predict(self, context, model_input, params=None):
        w = WorkspaceClient()
        secret = len(w.config.host)
        spaces = w.genie.list_spaces()
        endpoints = [e.name for e in w.serving_endpoints.list()]
        return [w.current_user.me().user_name, w.config.host, secret, spaces, endpoints]


mlflow.models.set_model(WhoAmI())
