"""One class, several instances; classes in a registry."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_openai import DatabricksOpenAI


class Worker:
    """One worker: its name and its endpoint."""

    space: str | None = None

    def __init__(self, name: str, endpoint: str):
        self.name = name
        self.endpoint = endpoint
        self.client = DatabricksOpenAI()

    def work(self, text: str) -> str:
        reply = self.client.chat.completions.create(  # uses: serving_endpoint film-plot; serving_endpoint film-cast
            model=self.endpoint, messages=[{"role": "user", "content": text}]
        )
        return reply.choices[0].message.content


class Critic:
    SPACE = "01efcafe0123456789abcdef01234567"

    def work(self, text: str) -> str:
        message = WorkspaceClient().genie.start_conversation_and_wait(  # uses: genie_space 01efcafe0123456789abcdef01234567
            self.SPACE, text
        )
        return message.content


class Archivist:
    def __init__(self, *tables: str, table: str = "film.archive.reels"):
        self.table = table
        self.others = tables

    def work(self, text: str) -> str:
        return f"{text}: {WorkspaceClient().tables.get(self.table).comment}"  # uses: table film.archive.reels


WORKERS = {
    "plot": Worker("plot", "film-plot"),
    "cast": Worker("cast", endpoint="film-cast"),
}
REGISTRY = {"critic": Critic}
for title, made in REGISTRY.items():
    WORKERS[title] = made()
WORKERS["archive"] = Archivist()


class Studio(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [worker.work(str(model_input)) for worker in WORKERS.values()]


mlflow.models.set_model(Studio())
