"""Follows expressions through constants, imports, parameters and the configuration."""

import ast
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from entrypoint.resources.scan import symbol_table
from entrypoint.resources.scan.call_sites import CallSites
from entrypoint.resources.scan.classes import Classes
from entrypoint.resources.scan.containers import Containers
from entrypoint.resources.scan.modules import Module
from entrypoint.resources.scan.symbol_table import (
    Assigned,
    Binding,
    Defined,
    Imported,
    LexicalScope,
    Parameter,
)
from entrypoint.resources.scan.values import (
    LONGEST,
    MOST,
    UNKNOWN,
    UNKNOWN_PART,
    CallResult,
    ContainerLiteral,
    Data,
    Instance,
    Local,
    Method,
    Symbol,
    Text,
    Unknown,
    Value,
    Values,
    View,
    alternatives,
    some,
)

_LARGEST_NUMBER = 10**18
# How deep an expression is followed, and how often in all: no agent needs more.
_DEEPEST = 60
_MOST_STEPS = 1_000_000
# Calls that give back what they are given.
_PASS = {
    "builtins.dict",
    "builtins.list",
    "builtins.set",
    "builtins.sorted",
    "builtins.str",
    "builtins.tuple",
    "functools.partial",
}


class Evaluator:
    """Knows the modules and the configuration, and what is worth what in them."""

    def __init__(self, modules: Mapping[str, Module], config: Mapping[str, Any] | None) -> None:
        self._modules = {name: symbol_table.read(module) for name, module in modules.items()}
        self._config = config
        self._known: dict[int, Values] = {}
        self._open: set[object] = set()
        self._depth = self._steps = 0
        self._scopes = {id(scope.node): scope for scope in self.scopes()}
        self.containers = Containers(self)
        self.objects = Classes(self)
        self.sites = CallSites(self)

    def scopes(self) -> Iterator[LexicalScope]:
        """Every scope of every module."""
        for module in self._modules.values():
            yield from module.within()

    @functools.cached_property
    def unreached(self) -> set[int]:
        """The ids of scopes that nothing leads to: of functions and classes that nobody names."""
        dead = self._dead()
        tops = (top for module in self._modules.values() for top in module.children)
        return {id(scope) for top in tops if id(top) in dead for scope in top.within()}

    def _dead(self) -> set[int]:
        """The definitions of modules that no living code names, and that no decorator registers."""
        definitions = [
            child
            for module in self._modules.values()
            for child in module.children
            if isinstance(child.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not child.node.decorator_list
        ]
        dead: set[int] = set()
        while True:
            named = {
                name
                for module in self._modules.values()
                for top in (module, *module.children)
                if id(top) not in dead
                for scope in ([top] if top is module else top.within())
                for name in scope.mentions - ({_own_name(top)} if top is not module else set())
            }
            found = {id(each) for each in definitions if _own_name(each) not in named}
            if found <= dead:
                return dead
            dead |= found

    def mentions(self, name: str) -> bool:
        """Whether a name stands anywhere in the code."""
        return any(name in scope.module.text for scope in self._modules.values())

    def values(self, node: ast.expr, scope: LexicalScope) -> Values:
        """All that an expression may be worth; nothing where it depends on itself alone."""
        if id(node) not in self._known:
            self._steps += 1
            if self._depth > _DEEPEST or self._steps > _MOST_STEPS:
                return UNKNOWN
            self._depth += 1
            found = self.once(id(node), lambda: some(self._values(node, scope)))
            self._depth -= 1
            if found is None:
                return ()
            self._known[id(node)] = found
        return self._known[id(node)]

    def elements(self, node: ast.expr, scope: LexicalScope) -> Values:
        """All that the elements of an expression may be worth."""
        return some(
            each for value in self.values(node, scope) for each in self.containers.inside(value)
        )

    def once(self, key: object, follow: Callable[[], Values]) -> Values | None:
        """Follow something that isn't being followed already."""
        if key in self._open:
            return None
        self._open.add(key)
        try:
            return follow()
        finally:
            self._open.discard(key)

    def _values(self, node: ast.expr, scope: LexicalScope) -> Iterable[Value]:
        match node:
            case ast.Constant(value=str() as value):
                return (Text(value),)
            case ast.Constant(value=int() as value) if abs(value) < _LARGEST_NUMBER:
                return (Text(str(value)),)
            case ast.Name():
                return self._name(node.id, scope)
            case ast.Attribute():
                return self._each(node.value, scope, lambda of: self._attribute(of, node.attr))
            case ast.Call():
                return self._each(node.func, scope, lambda of: self._called(of, node, scope))
            case ast.Subscript():
                keys = self.values(node.slice, scope)
                if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
                    position = node.slice.value
                    return self._each(
                        node.value, scope, lambda of: self.containers.item(of, position)
                    )
                return self._each(
                    node.value,
                    scope,
                    lambda of: (v for key in keys for v in self.containers.entry(of, key)),
                )
            case ast.JoinedStr():
                return self._joined(node.values, scope)
            case ast.FormattedValue(value, -1, None):
                return self.values(value, scope)
            case ast.BinOp(op=ast.Add()):
                left, right = self.values(node.left, scope), self.values(node.right, scope)
                if any(isinstance(value, Text) for value in (*left, *right)):
                    return self._joined([node.left, node.right], scope)
                return (*left, *right)
            case ast.IfExp():
                either = (*self.values(node.body, scope), *self.values(node.orelse, scope))
                return alternatives(either)
            case ast.BoolOp():
                return self._first_true(node, scope)
            case ast.Await() | ast.NamedExpr():
                return self.values(node.value, scope)
            case ast.Lambda():
                return (Local(Defined(node, self._scopes[id(node)])),)
            case ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
                return (ContainerLiteral(node, scope),)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return (ContainerLiteral(node, self._scopes[id(node)]),)
        return UNKNOWN

    def _each(
        self, node: ast.expr, scope: LexicalScope, follow: Callable[[Value], Iterable[Value]]
    ) -> Iterable[Value]:
        return (found for value in self.values(node, scope) for found in follow(value))

    def _first_true(self, node: ast.BoolOp, scope: LexicalScope) -> Values:
        """`a or b`; what follows a text that is known isn't reached."""
        found: list[Value] = []
        for each in node.values:
            values = self.values(each, scope)
            found += values
            if isinstance(node.op, ast.Or) and all(
                isinstance(value, Text) and value.certain and value.text for value in values
            ):
                break
        return alternatives(found)

    def _joined(self, parts: list[ast.expr], scope: LexicalScope) -> Values:
        """The texts that the parts can make together, with holes for what isn't known."""
        texts = [Text("")]
        for part in parts:
            found = [
                value if isinstance(value, Text) else Text(UNKNOWN_PART)
                for value in self.values(part, scope) or UNKNOWN
            ]
            texts = [
                Text(text.text + more.text, text.certain and more.certain)
                for text in texts
                for more in dict.fromkeys(found)
            ]
            if len(texts) > MOST or any(len(text.text) > LONGEST for text in texts):
                return UNKNOWN
        return tuple(texts)

    def _name(self, name: str, scope: LexicalScope) -> Iterable[Value]:
        found, owner = scope.look_up(name)
        if found:
            return self._of_bindings(found, owner, name)
        starred = self._starred(owner, name)
        return starred or (Symbol(f"builtins.{name}"),)

    def _of_bindings(self, found: list[Binding], owner: LexicalScope, name: str) -> Values:
        """What a name is worth that is given a value here and there; what grows a list adds."""
        grown = [value for each in owner.grown.get(name, ()) for value in self.bound(each)]
        return (*alternatives(v for each in found for v in self.bound(each)), *grown)

    def _starred(self, owner: LexicalScope, name: str) -> Values:
        """What the paths of `import *` lead to, as far as they lead anywhere."""
        found = [value for module in owner.stars for value in self._resolved(f"{module}.{name}")]
        return tuple(value for value in found if not isinstance(value, Unknown))

    def bound(self, binding: Binding) -> Values:
        """All that a name may be worth by one of its bindings."""
        match binding:
            case Assigned(node, scope, element, item):
                found = self.elements(node, scope) if element else self.values(node, scope)
                if item is None:
                    return found
                return tuple(each for value in found for each in self.containers.item(value, item))
            case Imported(path):
                return self._resolved(path)
            case Defined():
                return (Local(binding),)
            case Parameter():
                return self.once(binding, lambda: self.sites.parameter(binding)) or ()

    def _resolved(self, path: str) -> Values:
        """What an imported path stands for: something of the modules here, or a symbol."""
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            scope = self._modules.get(".".join(parts[:length]))
            if scope is None:
                continue
            if length == len(parts):
                return (Symbol(path),)
            found = self.once(path, lambda: self._of_module(scope, parts[length]))  # noqa: B023
            for attribute in parts[length + 1 :]:
                found = tuple(v for of in found or () for v in self._attribute(of, attribute))
            return found or UNKNOWN
        return (Symbol(path),)

    def _of_module(self, scope: LexicalScope, name: str) -> Values:
        if name in scope.names:
            return self._of_bindings(scope.names[name], scope, name)
        return self._starred(scope, name)

    def _attribute(self, of: Value, name: str) -> Iterable[Value]:
        match of:
            case Symbol("mlflow.pyfunc.PythonModelContext()") if name == "model_config":
                return self._configuration()
            case Symbol(path, None):
                return self._resolved(f"{path}.{name}")
            case Symbol(path, made):
                return (Symbol(f"{path}.{name}", made),)
            case CallResult(path):
                return (Symbol(f"{path}().{name}", of),)
            case Instance(defined):
                return self.objects.of_object(defined, name)
            case Local(Defined(ast.ClassDef()) as defined):
                return self.objects.of_class(defined, name, bound=False)
            # A member of an enumeration of texts.
            case Text() if name == "value":
                return (of,)
            case Text() | ContainerLiteral() | Data():
                return (Method(of, name),)
        return UNKNOWN

    def _called(self, of: Value, call: ast.Call, scope: LexicalScope) -> Iterable[Value]:
        match of:
            case Symbol(path) if path in _PASS and call.args:
                return self.values(call.args[0], scope)
            case Symbol("builtins.enumerate") if call.args:
                held = self.values(call.args[0], scope)
                return [
                    View(v, "enumerate")
                    for v in held
                    if isinstance(v, ContainerLiteral | Data | View)
                ]
            case Symbol("typing.cast") if len(call.args) == 2:  # noqa: PLR2004
                return self.values(call.args[1], scope)
            case Symbol(path) if path.startswith("mlflow.") and path.endswith(".ModelConfig"):
                return self._configuration()
            case Symbol(path, made):
                return (CallResult(path, call, scope, made),)
            case CallResult(path):
                return (CallResult(f"{path}()", call, scope, of),)
            case Local(Defined(ast.ClassDef()) as defined):
                return (Instance(defined),)
            case Local(Defined(_, body)):
                return self.returned(body)
            case Method("" | _):
                return self.containers.called(of, call, scope)
        return UNKNOWN

    def _configuration(self) -> Values:
        return (Data(self._config),) if self._config is not None else UNKNOWN

    def returned(self, scope: LexicalScope) -> Values:
        """All that a function may return, or yield."""
        return (
            alternatives(v for node in scope.returns for v in self.values(node, scope)) or UNKNOWN
        )


def _own_name(scope: LexicalScope) -> str:
    return str(getattr(scope.node, "name", ""))
