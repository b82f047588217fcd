"""Clients of other clouds, with the same words in their arguments."""

import boto3
import mlflow
import snowflake.connector
from azure.search.documents import SearchClient
from google.cloud import bigquery
from langchain_aws import ChatBedrock
from sqlalchemy import create_engine

search = SearchClient(endpoint="https://x.search.windows.net", index_name="main.agents.docs")
bedrock = boto3.client("bedrock-runtime")
llm = ChatBedrock(model="anthropic.claude-3-5-sonnet-20241022-v2:0")
engine = create_engine("postgresql+psycopg://localhost/agents")


class Clouds(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        with snowflake.connector.connect(warehouse="COMPUTE_WH") as connection:
            rows = connection.cursor().execute("SELECT 1").fetchall()
        job = bigquery.Client().query("SELECT 1")
        answer = bedrock.invoke_model(modelId="amazon.nova-lite-v1:0", body=b"{}")
        return [rows, job.result(), answer, search.search("a"), llm.invoke("b"), engine]


mlflow.models.set_model(Clouds())
