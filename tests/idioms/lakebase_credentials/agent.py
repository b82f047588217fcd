"""Lakebase by hand: a rotating credential of the SDK in a psycopg pool."""

import uuid
from contextlib import contextmanager

import mlflow
import psycopg
from databricks.sdk import WorkspaceClient
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg_pool import ConnectionPool

LAKEBASE = {"instance_name": "chat-history", "db": "databricks_postgres"}

w = WorkspaceClient()


class CredentialConnection(psycopg.Connection):
    """Asks for a new password for each connection."""

    instance_name = LAKEBASE["instance_name"]

    @classmethod
    def connect(cls, conninfo="", **kwargs):
        credential = w.database.generate_database_credential(  # uses: lakebase chat-history
            request_id=str(uuid.uuid4()), instance_names=[cls.instance_name]
        )
        kwargs["password"] = credential.token
        return super().connect(conninfo, **kwargs)


class HistoryAgent(mlflow.pyfunc.PythonModel):
    def __init__(self):
        self.pool = None

    def _pool(self) -> ConnectionPool:
        if self.pool is None:
            instance = w.database.get_database_instance(  # uses: lakebase chat-history
                LAKEBASE["instance_name"]
            )
            user = w.current_user.me().user_name
            self.pool = ConnectionPool(
                conninfo=f"dbname={LAKEBASE['db']} user={user} host={instance.read_write_dns}",
                connection_class=CredentialConnection,
            )
        return self.pool

    @contextmanager
    def _saver(self):
        with self._pool().connection() as connection:
            yield PostgresSaver(connection)

    def predict(self, context, model_input, params=None):
        with self._saver() as saver:
            saver.setup()
        return ["ready"]


mlflow.models.set_model(HistoryAgent())
