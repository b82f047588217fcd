"""Where functions and classes of the code are called, and with what."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from entrypoint.resources.scan import symbol_table
from entrypoint.resources.scan.symbol_table import (
    Defined,
    Function,
    Imported,
    LexicalScope,
    Parameter,
    has_decorator,
)
from entrypoint.resources.scan.values import (
    UNKNOWN,
    Instance,
    KwArgs,
    Local,
    Symbol,
    Text,
    Value,
    Values,
    some,
    uncertain,
)

if TYPE_CHECKING:
    from entrypoint.resources.scan.evaluator import Evaluator

Site = tuple[ast.Call, LexicalScope]
_SUPER_INIT = "super().__init__"


class CallSites:
    """All calls by the last name of what is called."""

    def __init__(self, follower: "Evaluator") -> None:
        self._follower = follower
        self._by_name: dict[str, list[Site]] = defaultdict(list)
        for scope in follower.scopes():
            for call in scope.calls:
                self._by_name[_called_name(call.func, scope)].append((call, scope))

    def parameter(self, parameter: Parameter) -> Values:
        """What a function's parameter may be: what the calls of the function give."""
        name, function = parameter.name, parameter.function
        names = symbol_table.parameters(function)
        if name not in names:
            if function.args.kwarg and function.args.kwarg.arg == name:
                owner = parameter.scope.parent
                return tuple(KwArgs(*site) for site in self.of(function, owner))
            return UNKNOWN
        owner = parameter.scope.parent
        position = names.index(name)
        of_class = owner is not None and isinstance(owner.node, ast.ClassDef)
        if owner and of_class and not has_decorator(function, "staticmethod"):
            if position == 0:
                defined = Defined(owner.node, owner)  # type: ignore[arg-type]
                is_class = has_decorator(function, "classmethod")
                return (Local(defined) if is_class else Instance(defined),)
            position -= 1
            if name == "context" and position == 0:
                return (Symbol("mlflow.pyfunc.PythonModelContext()"),)
        default = symbol_table.default(function, name)
        # A default is worth what it is where the function is defined.
        fallback = self._follower.values(default, owner) if default and owner else UNKNOWN
        found: list[Value] = []
        is_called = False
        for call, scope in self.of(function, owner if of_class else None):
            is_called = True
            found += self.argument(call, scope, [name], position) or fallback
        # Without a call in sight, the default is only likely.
        return some(found) if is_called else tuple(uncertain(value) for value in fallback)

    def of(
        self, node: Function | ast.ClassDef, owner: LexicalScope | None = None
    ) -> Iterator[tuple[ast.Call, LexicalScope]]:
        """The calls of a function or a class; those of an `__init__` are those of its class."""
        called: dict[str, set[int]] = {getattr(node, "name", ""): {id(node)}}
        if owner and "__init__" in called:
            heirs = self._follower.objects.heirs(owner)
            called = defaultdict(set)
            for heir in heirs:
                if heir is owner or "__init__" not in heir.names:
                    called[_name(heir)].add(id(heir.node))
            for call, scope in self.of_super_init():
                if scope.owner() in heirs and scope.owner() is not owner:
                    yield call, scope
        for name, nodes in called.items():
            for call, scope in self._by_name.get(name, ()):
                if _stands_for(nodes, self._follower.values(call.func, scope)):
                    yield call, scope
            for call, scope in self._by_name.get("partial", ()):
                if call.args and _stands_for(nodes, self._follower.values(call.args[0], scope)):
                    yield ast.Call(call.func, call.args[1:], call.keywords), scope

    def of_super_init(self) -> list[Site]:
        """The calls of `super().__init__`."""
        return self._by_name.get(_SUPER_INIT, [])

    def argument(
        self, call: ast.Call, scope: LexicalScope, names: Iterable[str], position: int | None
    ) -> Values:
        """What an argument may be worth; nothing when it isn't given."""
        names = tuple(names)
        for keyword in call.keywords:
            if keyword.arg in names:
                return self._follower.values(keyword.value, scope) or UNKNOWN
        starred = [n for n, each in enumerate(call.args) if isinstance(each, ast.Starred)]
        if position is not None and position < len(call.args):
            if starred and starred[0] <= position:
                return UNKNOWN
            return self._follower.values(call.args[position], scope) or UNKNOWN
        for keyword in call.keywords:
            if keyword.arg is None:  # `**options`
                entry = self._follower.containers.entry
                given = [
                    found
                    for value in self._follower.values(keyword.value, scope)
                    for name in names
                    for found in entry(value, Text(name))
                ]
                return some(given) if given else UNKNOWN
        return UNKNOWN if starred else ()


def _stands_for(nodes: set[int], values: Values) -> bool:
    return any(isinstance(value, Local) and id(value.defined.node) in nodes for value in values)


def _name(scope: LexicalScope) -> str:
    return getattr(scope.node, "name", "")


def _called_name(node: ast.expr, scope: LexicalScope) -> str:
    """The last name of what is called, as it is called where it is defined."""
    match node:
        case ast.Attribute(ast.Call(ast.Name("super")), "__init__"):
            return _SUPER_INIT
        case ast.Attribute():
            return node.attr
    if not isinstance(node, ast.Name):
        return ""
    for binding in scope.look_up(node.id)[0]:
        if isinstance(binding, Imported):
            return binding.path.rpartition(".")[2]
    return node.id
