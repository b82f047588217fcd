"""What works where the agent is built, and fails or misleads once it is served."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.modules import position
from entrypoint.resources.scan.scopes import Defined, Function, LexicalScope
from entrypoint.resources.scan.user_access import UserAccess
from entrypoint.resources.scan.values import Symbol, Value
from entrypoint.runtime.errors import Place

_RUNS_WHEN_MADE = ("__init__", "__post_init__", "load_context")
_WRITE = re.compile(
    r"mlflow\.(?!types\.)(?:[\w()]+\.)*(?:set_experiment|start_run|set_tags?|(?:log|register|create)_\w+)"
)
_CHAT_AGENT = {Symbol(f"mlflow.pyfunc.{name}") for name in ("ChatAgent", "model.ChatAgent")}


@dataclass(frozen=True)
class Pitfalls:
    """Where they are in the code that runs.

    `writes`: MLflow's functions that write, and are called while the agent loads.
    `early_user_clients`: clients on behalf of the user that are made then, when there is no user;
    `user_clients`: all of them. `chat_agents`: classes of the interface before `ResponsesAgent`.
    """

    writes: tuple[tuple[str, Place], ...] = ()
    early_user_clients: tuple[Place, ...] = ()
    user_clients: tuple[Place, ...] = ()
    chat_agents: tuple[Place, ...] = ()


def find(evaluator: Evaluator, access: UserAccess) -> Pitfalls:
    """Look at what runs when the agent loads, and at what may run later."""
    at_load = _scopes_at_load(evaluator)
    running = [scope for scope in evaluator.scopes if scope not in evaluator.idle]
    return Pitfalls(
        tuple(sorted(_writes(evaluator, at_load), key=lambda write: position(write[1]))),
        tuple(sorted(access.clients(at_load), key=position)),
        tuple(sorted(access.clients(running), key=position)),
        tuple(sorted(_chat_agents(evaluator, running), key=position)),
    )


def _writes(evaluator: Evaluator, scopes: list[LexicalScope]) -> Iterator[tuple[str, Place]]:
    for scope in scopes:
        for call in scope.calls if "mlflow" in scope.module.text else ():
            place = scope.module.place_of(call)
            for value in evaluator.values(call.func, scope):
                if place and isinstance(value, Symbol) and _WRITE.fullmatch(value.path):
                    yield value.path.replace("()", "(...)"), place


def _chat_agents(evaluator: Evaluator, scopes: list[LexicalScope]) -> Iterator[Place]:
    for scope in scopes:
        for base in getattr(scope.node, "bases", ()):
            place = scope.module.place_of(base)
            if place and _CHAT_AGENT & {*evaluator.values(base, scope.parent or scope)}:
                yield place


def _scopes_at_load(evaluator: Evaluator) -> list[LexicalScope]:
    """The scopes whose code runs when the agent is loaded."""
    todo = list(evaluator.modules.values())
    seen: dict[LexicalScope, None] = {}
    while todo:
        scope = todo.pop()
        if scope in seen:
            continue
        seen[scope] = None
        todo += [child for child in scope.children if not isinstance(child.node, Function)]
        for call in scope.calls:
            for value in evaluator.values(call.func, scope):
                todo += _run_by_calling(value)
    return list(seen)


def _run_by_calling(called: Value) -> list[LexicalScope]:
    """The scopes that run when something is called."""
    match called:
        case Defined(ast.ClassDef(), scope):
            return [child for child in scope.children if child.name in _RUNS_WHEN_MADE]
        case Defined(_, scope):
            return [scope]
    return []
