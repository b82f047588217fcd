"""Own objects with the attributes of the SDK, of the OpenAI client and of an index."""

import mlflow


class Endpoints:
    def query(self, name: str, **_: object) -> str:
        return name

    def get_open_ai_client(self) -> "Bot":
        return Bot()


class Statements:
    def execute_statement(self, statement: str, warehouse_id: str) -> str:
        return f"{warehouse_id}: {statement}"


class Completions:
    def create(self, model: str, messages: list) -> str:
        return f"{model}{len(messages)}"


class Bot:
    def __init__(self):
        self.chat = self
        self.completions = Completions()


class Warehouse:
    """Of goods."""

    def __init__(self):
        self.serving_endpoints = Endpoints()
        self.statement_execution = Statements()
        self.genie = Statements()


class Shelf:
    def get_index(self, endpoint_name: str = "", index_name: str = "") -> int:
        return len(endpoint_name + index_name)


class Goods(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        w = Warehouse()
        return [
            w.serving_endpoints.query(name="left-door"),
            w.statement_execution.execute_statement("count", "4b9c1f2e3d5a6b7c"),
            w.serving_endpoints.get_open_ai_client().chat.completions.create("b", []),
            Shelf().get_index(index_name="a.b.c"),
        ]


mlflow.models.set_model(Goods())
