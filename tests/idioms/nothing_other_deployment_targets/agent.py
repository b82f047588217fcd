"""MLflow's deployments and chat classes against a server of one's own, and a SQL cluster."""

import mlflow
from databricks import sql
from langchain_community.chat_models import ChatMlflow
from langchain_community.embeddings import MlflowEmbeddings
from mlflow.deployments import get_deploy_client

client = get_deploy_client("http://localhost:5000")
sagemaker = get_deploy_client("sagemaker:/eu-central-1")
llm = ChatMlflow(target_uri="http://localhost:5000", endpoint="chat")
embeddings = MlflowEmbeddings(target_uri="http://localhost:5000", endpoint="embeddings")


class Gateway(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        answer = client.predict(endpoint="chat", inputs={"messages": []})
        other = sagemaker.predict("my-model", model_input)
        with sql.connect(
            server_hostname="acme.cloud.databricks.com",
            http_path="sql/protocolv1/o/1234567890123456/0123-456789-abcdefgh",
            access_token="x",
        ) as cluster:
            rows = cluster.cursor().execute("SELECT 1").fetchall()
        return [answer, other, rows, llm.invoke("a")]


mlflow.models.set_model(Gateway())
