"""What the agent's code uses of Databricks, and through whose eyes."""

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from entrypoint.resources.kinds import of_model
from entrypoint.resources.resource import Use
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.known_calls import (
    CALLS_ANOTHER,
    MAKES_A_CLIENT,
    OPENAI_CLIENTS,
    ROWS,
    SAME_CLIENT,
    USER_CREDENTIALS,
    KnownCall,
)
from entrypoint.resources.scan.modules import Module, PlaceOf, parsed, reachable
from entrypoint.resources.scan.symbol_table import LexicalScope
from entrypoint.resources.scan.values import (
    UNKNOWN,
    UNKNOWN_PART,
    CallResult,
    ContainerLiteral,
    Local,
    Symbol,
    Text,
    Value,
    Values,
    View,
)
from entrypoint.runtime.errors import Place

# Uses in all; no agent has as many.
_MOST = 2_000


@dataclass(frozen=True)
class Findings:
    """What is used, in the order of the code.

    And the clients for the user that are made before there is one; and whether such a client does
    what isn't known here.
    """

    uses: tuple[Use, ...] = ()
    early_user_clients: tuple[Place, ...] = ()
    has_unknown_user_access: bool = False


def scan(
    agent: str,
    place: PlaceOf,
    code_paths: Path,
    code_paths_place: Callable[[Path, int, int], Place | None],
    config: Mapping[str, Any] | None,
) -> Findings:
    """Read the agent's code and those modules under `code_paths` that it imports.

    `place` tells where a line and a column of the agent are in the checkout, `code_paths_place`
    where those of such a module are. `config` is what the agent's `ModelConfig` holds.
    """
    tree = parsed(agent)
    if tree is None:
        return Findings()
    module = Module("<agent>", agent, tree, place)
    try:
        reader = _Scan(Evaluator(reachable(module, code_paths, code_paths_place), config))
    except RecursionError:  # code that nests endlessly is no agent's
        return Findings()
    return Findings(
        tuple(sorted(itertools.islice(reader.uses(), _MOST), key=_position_of)),
        tuple(reader.early_user_clients()),
        reader.has_unknown_user_access(),
    )


class _Scan:
    def __init__(self, follower: Evaluator) -> None:
        self._follower = follower
        self._rows: dict[str, list[KnownCall]] = defaultdict(list)
        for row in ROWS:
            self._rows[row.call.rpartition(".")[2]].append(row)

    def uses(self) -> Iterator[Use]:
        """Every use."""
        for scope in self._follower.scopes():
            is_reached = id(scope) not in self._follower.unreached
            for call in scope.calls:
                if self._may_match(call.func):
                    for use in dict.fromkeys(self._uses(call, scope)):
                        yield use if is_reached else replace(use, certain=False)

    def _may_match(self, called: ast.expr) -> bool:
        """Whether it is worth following: a method's name is what it is, another's may be set."""
        return not isinstance(called, ast.Attribute) or called.attr in self._rows

    def early_user_clients(self) -> Iterator[Place]:
        """Where a client for the user is made while the agent loads."""
        if not any(self._follower.mentions(name) for name in USER_CREDENTIALS):
            return
        for scope in self._at_load():
            for call in scope.calls:
                place = _place(call, scope)
                if place and self._has_user_credentials(call, scope):
                    yield place

    def has_unknown_user_access(self) -> bool:
        """Whether a client for the user is asked for something that no row knows."""
        if not any(self._follower.mentions(name) for name in USER_CREDENTIALS):
            return False
        return any(
            isinstance(value, Symbol)
            and value.of
            and True in self._access(value.of.call, value.of.scope, value.of.of)
            and not any(True for _ in self._matching(value.path))
            and not value.path.endswith(MAKES_A_CLIENT)
            for scope in self._follower.scopes()
            for call in scope.calls
            for value in self._follower.values(call.func, scope)
        )

    def _uses(self, call: ast.Call, scope: LexicalScope) -> Iterator[Use]:
        called = self._follower.values(call.func, scope)
        for value in called:
            if not isinstance(value, Symbol):
                continue
            if value.path in CALLS_ANOTHER and call.args:
                made = ast.Call(call.args[0], call.args[1:], call.keywords, **_position(call))
                yield from self._uses(made, scope)
            for row in self._matching(value.path):
                if self._is_databricks(row, call, scope, value.of):
                    for use in self._uses_of(row, value, call, scope):
                        yield use if len(called) == 1 else replace(use, certain=False)

    def _matching(self, path: str) -> Iterator[KnownCall]:
        path = SAME_CLIENT.sub("", path)
        rows = self._rows.get(path.rpartition(".")[2], ())
        return (row for row in rows if _matches(row, path))

    def _uses_of(
        self, row: KnownCall, called: Symbol, call: ast.Call, scope: LexicalScope
    ) -> Iterator[Use]:
        by = f"{_shown(row, called.path)}(...)"
        access = self._access(call, scope, called.of)
        place = _place(call, scope)
        for value in self._texts(row, call, scope):
            # What isn't known could be anything, also what another row's client is told.
            found = row.read(value.text if isinstance(value, Text) else UNKNOWN_PART)
            if found is None:
                continue
            kind, name = found
            if name and (UNKNOWN_PART in name or name.endswith("*")):
                name = None
            certain = len(access) == 1 and (not isinstance(value, Text) or value.certain)
            for on_behalf in sorted(access):
                yield Use(kind, name or None, by, "code", place, on_behalf, row.over_mcp, certain)

    def _texts(self, row: KnownCall, call: ast.Call, scope: LexicalScope) -> Iterable[Value]:
        """What the row's argument is worth; nothing when it isn't given."""
        follower, argument = self._follower, row.argument
        match row.how:
            case "all":
                return [v for each in call.args for v in follower.containers.element(each, scope)]
            case "levels":
                catalog, schema = (
                    follower.sites.argument(call, scope, [level], position)
                    for position, level in enumerate(("catalog", "schema"))
                )
                name = follower.sites.argument(call, scope, argument.names, argument.position)
                levels = (catalog, schema, name or UNKNOWN)
                if any(len(each) > 1 for each in levels):
                    return UNKNOWN
                known = [
                    each[0].text if isinstance(each[0], Text) else UNKNOWN_PART for each in levels
                ]
                return (Text(".".join(known)),)
        values = follower.sites.argument(call, scope, argument.names, argument.position)
        if row.how == "each":
            return [each for value in values for each in follower.containers.inside(value)]
        if row.how == "within":
            return follower.containers.within(values, ("url", "server_url"))
        return values

    def _is_databricks(
        self, row: KnownCall, call: ast.Call, scope: LexicalScope, of: CallResult | None
    ) -> bool:
        """Whether the row's condition holds for the call, or for what its client was made with."""
        condition = row.condition
        if condition is None:
            return True
        made = [(call, scope)]
        if condition.of_call:
            made = self._calls_of(condition.of_call)
        while of:
            made.append((of.call, of.scope))
            of = of.of
        argument = condition.argument
        for each, where in made:
            for value in self._follower.sites.argument(
                each, where, argument.names, argument.position
            ):
                if condition.pattern and isinstance(value, Text):
                    if re.search(condition.pattern, value.text):
                        return True
                elif not condition.pattern and self._is_databricks_client(value):
                    return True
        return False

    def _calls_of(self, path: str) -> list[tuple[ast.Call, LexicalScope]]:
        return [
            (call, scope)
            for scope in self._follower.scopes()
            for call in scope.calls
            if Symbol(path) in self._follower.values(call.func, scope)
        ]

    def _is_databricks_client(self, value: Value) -> bool:
        """Whether it is a client of OpenAI's protocol that asks Databricks."""
        return isinstance(value, CallResult) and any(
            value.path.endswith(f".{name}")
            and value.path.startswith(packages)
            and (
                condition is None
                or self._is_databricks(
                    KnownCall(packages, name, of_model, condition.argument, condition=condition),
                    value.call,
                    value.scope,
                    None,
                )
            )
            for packages, name, condition in OPENAI_CLIENTS
        )

    def _access(
        self, call: ast.Call, scope: LexicalScope, of: CallResult | None, depth: int = 0
    ) -> set[bool]:
        """Whether the call, or the client through which it goes, acts for the user; maybe both.

        Each thing that the call is given may say so, and one that says nothing else decides.
        """
        clients = [self._access(of.call, of.scope, of.of, depth + 1)] if of else []
        if depth <= 8:  # noqa: PLR2004 - clients are made of clients, but not endlessly
            clients += [
                {each for value in values for each in self._access_of(value, depth)}
                for values in self._arguments(call, scope)
            ]
        can_be_user = any(True in client for client in clients)
        return {can_be_user} if {True} in clients or not can_be_user else {True, False}

    def _access_of(self, value: Value, depth: int) -> set[bool]:
        """Of a client, or of the credentials for one; nothing for anything else."""
        if isinstance(value, CallResult | Symbol) and value.path.endswith(USER_CREDENTIALS):
            return {True}
        if isinstance(value, CallResult):
            return self._access(value.call, value.scope, value.of, depth + 1)
        return set()

    def _has_user_credentials(self, call: ast.Call, scope: LexicalScope) -> bool:
        return any(
            isinstance(value, CallResult | Symbol) and value.path.endswith(USER_CREDENTIALS)
            for values in self._arguments(call, scope)
            for value in values
        )

    def _arguments(self, call: ast.Call, scope: LexicalScope) -> Iterator[Values]:
        """What each argument is worth; what stands in a dictionary counts as one too."""
        for node in (*call.args, *(keyword.value for keyword in call.keywords)):
            values = self._follower.values(node, scope)
            held = [each for each in values if isinstance(each, ContainerLiteral)]
            inside = (self._follower.containers.inside(View(each, "values")) for each in held)
            yield (*values, *itertools.chain.from_iterable(inside))

    def _at_load(self) -> list[LexicalScope]:
        """The scopes whose code runs when the agent is loaded."""
        todo = [scope for scope in self._follower.scopes() if scope.parent is None]
        seen: list[LexicalScope] = []
        while todo:
            scope = todo.pop()
            if scope in seen:
                continue
            seen.append(scope)
            todo += [child for child in scope.children if not _is_function(child)]
            for call in scope.calls:
                for value in self._follower.values(call.func, scope):
                    todo += _run(value)
        return seen


def _run(called: Value) -> Iterator[LexicalScope]:
    """The scopes that run when something is called."""
    if not isinstance(called, Local):
        return
    if not isinstance(called.defined.node, ast.ClassDef):
        yield called.defined.scope
        return
    for child in called.defined.scope.children:
        if getattr(child.node, "name", "") in ("__init__", "__post_init__", "load_context"):
            yield child


def _is_function(scope: LexicalScope) -> bool:
    return isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _matches(row: KnownCall, path: str) -> bool:
    return f".{path}".endswith(f".{row.call}") and any(
        path.startswith(f"{package}.") for package in row.packages
    )


def _place(call: ast.Call, scope: LexicalScope) -> Place | None:
    # The parser counts bytes.
    line = scope.module.lines[call.lineno - 1].encode()[: call.col_offset]
    return scope.module.place(call.lineno, len(line.decode(errors="ignore")) + 1)


def _position_of(use: Use) -> tuple[str, int, int]:
    place = use.place
    return (place.file, place.line or 0, place.column or 0) if place else ("", 0, 0)


def _shown(row: KnownCall, path: str) -> str:
    """What is called, for a sentence: a function's name alone would say little."""
    return path if row.call.islower() and "(" not in path else row.call.replace("()", "(...)")


def _position(node: ast.expr) -> dict[str, Any]:
    return {"lineno": node.lineno, "col_offset": node.col_offset}
