"""Lakebase projects, with their branches and endpoints."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_ai_bridge.lakebase import AsyncLakebasePool, LakebaseClient
from databricks_langchain import AsyncCheckpointSaver, CheckpointSaver, DatabricksStore
from databricks_openai.agents import AsyncDatabricksSession

PROJECT = "shop-memory"
ENDPOINT = f"projects/{PROJECT}/branches/main/endpoints/primary"
w = WorkspaceClient()

saver = CheckpointSaver(  # uses: lakebase_project projects/shop-memory/branches/main
    project=PROJECT, branch="main"
)
later = AsyncCheckpointSaver(  # uses: lakebase_project projects/shop-memory/branches/dev
    branch="projects/shop-memory/branches/dev"
)
store = DatabricksStore(  # uses: lakebase_project projects/shop-memory/branches/main/endpoints/primary; serving_endpoint databricks-gte-large-en
    autoscaling_endpoint=ENDPOINT, embedding_endpoint="databricks-gte-large-en", embedding_dims=1024
)
old = LakebaseClient(instance_name="legacy-instance")  # uses: lakebase legacy-instance


class Remembering(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        branch = (params or {}).get("branch", "")
        pool = AsyncLakebasePool(  # uses: lakebase_project projects/shop-memory
            project=PROJECT, branch=branch
        )
        session = AsyncDatabricksSession(  # uses: lakebase_project ?
            session_id="1", project=params["project"], branch="main"
        )
        endpoint = w.postgres.get_endpoint(  # uses: lakebase_project projects/shop-memory/branches/main/endpoints/primary
            name=ENDPOINT
        )
        token = w.postgres.generate_database_credential(  # uses: lakebase_project projects/shop-memory/branches/main/endpoints/primary
            endpoint=ENDPOINT
        ).token
        found = (
            w.postgres.list_endpoints(  # uses: lakebase_project projects/shop-memory/branches/main
                parent="projects/shop-memory/branches/main"
            )
        )
        return [saver, later, store, old, pool, session, endpoint, token, list(found)]


mlflow.models.set_model(Remembering())
