"""What MLflow has no kind for: serving gives no access to it by itself."""

from pathlib import Path

import mlflow
import pandas as pd
from databricks.feature_engineering import FeatureEngineeringClient
from databricks.sdk import WorkspaceClient

FILES = "/Volumes/prod/docs/files"
w = WorkspaceClient()
features = FeatureEngineeringClient()  # uses: feature_store ?


class Reader(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(f"{FILES}/rules.txt") as rules:  # uses: volume prod.docs.files
            self.rules = rules.read()
        self.names = Path("/Volumes/prod/docs/names/all.txt")  # uses: volume prod.docs.names

    def predict(self, context, model_input, params=None):
        frame = pd.read_csv(f"{FILES}/prices.csv")  # uses: volume prod.docs.files
        handbook = w.files.download(f"{FILES}/handbook.pdf")  # uses: volume prod.docs.files
        key = w.secrets.get_secret(scope="support", key="api-key")  # uses: secret_scope support
        other = w.dbutils.secrets.get("support", "other")  # uses: secret_scope support
        run = w.jobs.run_now(job_id=123456)  # uses: job 123456
        entry = w.agent_kit.create_memory_entry(  # uses: memory_store memory-stores/notes
            parent="memory-stores/notes", memory_entry={}
        )
        return [frame, handbook, key, other, run, entry, features]


mlflow.models.set_model(Reader())
