"""What makes a call use Databricks, whichever library it is of: an address, a model, SQL."""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from entrypoint.resources.addresses import resource_of_address
from entrypoint.resources.scan.arguments import Arguments, Found, Given
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.models import Models
from entrypoint.resources.scan.values import MAX_CLIENT_LEVELS, UNKNOWN_PART, CallResult

# Of the standard library only these ask anybody.
_ASKS = ("urllib.request.", "http.client.", "mlflow.deployments.")
_NEVER_ASKS = {
    *("builtins", "mlflow", "pydantic", "pydantic_settings"),
    *("loguru", "structlog", "rich", "opentelemetry"),
    *sys.stdlib_module_names,
}
# A sentence begins with a capital, and a keyword is written in one case. Nothing is matched in a
# second way: a hostile text would have too many.
_STATEMENT = re.compile(
    r"(?:\s|--[^\n]*+\n|(?>/\*.*?\*/))*+(?:select|with|insert|merge|update|delete|create|describe"
    r"|SELECT|WITH|INSERT|MERGE|UPDATE|DELETE|CREATE|DESCRIBE)\s",
    re.DOTALL,
)
# What a request names in its body, where its path doesn't.
_IN_BODY = {"sql_warehouse": "warehouse_id", "job": "job_id", "secret_scope": "scope"}
_RUNS_SQL = re.compile(r"databricks\.|pyspark\.|builtins\.spark\.|.*\.from_databricks\(\)")

# What holds a text, or a label of a trace.
_TELLS = re.compile(
    r".*\b\w*(?:Message|Document|Prompt|Template|Exception|Error|_span|trace)(?:\.\w+)*"
)


class Signs:
    """Looks for them in what a call is given."""

    def __init__(self, evaluator: Evaluator, workspace: str) -> None:
        self._arguments = Arguments(evaluator)
        self._workspace = workspace
        self._models = Models(evaluator, self._arguments, workspace)
        self._known: dict[object, bool] = {}

    def found(self, call: CallResult) -> Iterator[Found]:
        """What the call of something that the code imports uses."""
        if _TELLS.fullmatch(call.path):
            return
        asks = call.path.startswith(_ASKS) or call.path.partition(".")[0] not in _NEVER_ASKS
        for reference, certain in self.addressed(call):
            if asks or reference.kind == "volume":
                yield reference, certain
        if asks:
            yield from self._models.asked(call)
            yield from self._statements(call)

    def addressed(self, call: CallResult) -> Iterator[Found]:
        """What the addresses are of that the call is given."""
        arguments = self._arguments.of(call)
        models = (each.text.text for each in arguments if each.name == "model" and each.text)
        model = next(models, None)
        for text in filter(None, (each.text for each in arguments)):
            if reference := resource_of_address(text.text, model, workspace=self._workspace):
                key = None if reference.name else _IN_BODY.get(reference.kind)
                named = [each.text for each in arguments if each.text and each.name == key]
                for each in named:
                    certain = text.certain and each.certain and len(named) == 1
                    yield replace(reference, name=each.text), certain
                if not named:
                    yield reference, text.certain

    def _statements(self, call: CallResult) -> Iterator[Found]:
        """What the SQL uses that the call is given, if it goes to Databricks."""
        arguments = self._arguments.of(call)
        # SQLAlchemy's: `text("SELECT ...")`.
        made = (each.made for each in arguments if each.made)
        inside = (self._arguments.of(each) for each in made if each.path.endswith(".text"))
        for text in filter(None, (each.text for each in (*arguments, *chain(*inside)))):
            if _STATEMENT.match(text.text) and self._runs_sql(call):
                from entrypoint.resources import sql_text  # noqa: PLC0415 - it takes a while

                for reference in sql_text.references(text.text, UNKNOWN_PART):
                    yield reference, text.certain

    def _runs_sql(self, call: CallResult, level: int = 0) -> bool:
        """Whether the call, its client or what it is handed is of a SQL warehouse, or of Spark."""
        key = (call.call, call.path, call.of)
        if key not in self._known:
            given = self._arguments.of(call)
            makers = [call.of, *(each.made for each in given)] if level < MAX_CLIENT_LEVELS else []
            self._known[key] = (
                _RUNS_SQL.match(call.path) is not None
                or any(_is_of_warehouse(each) for each in given)
                or any(self._runs_sql(each, level + 1) for each in makers if each)
            )
        return self._known[key]


def _is_of_warehouse(argument: Given) -> bool:
    found = resource_of_address(argument.text.text) if argument.text else None
    return found is not None and found.kind == "sql_warehouse"
