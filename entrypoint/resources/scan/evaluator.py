"""Follows expressions through constants, imports, parameters and the configuration."""

import ast
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from entrypoint.resources.scan import symbol_table
from entrypoint.resources.scan.call_sites import VALIDATORS, CallSites
from entrypoint.resources.scan.classes import Classes
from entrypoint.resources.scan.containers import Containers, configuration
from entrypoint.resources.scan.environment import ENVIRON, READERS, Environment, is_unset
from entrypoint.resources.scan.modules import Module
from entrypoint.resources.scan.names import Names
from entrypoint.resources.scan.reachability import unreached
from entrypoint.resources.scan.scopes import Defined, LexicalScope
from entrypoint.resources.scan.values import (
    NOTHING,
    UNKNOWN,
    CallResult,
    ContainerLiteral,
    Instance,
    Nothing,
    Symbol,
    Text,
    Value,
    Values,
    alternatives,
    distinct,
    joined,
    keywords,
    uncertain,
)

# A larger number is no id; and Python writes none of thousands of digits.
_MAX_NUMBER = 10**18
# Limits on evaluations inside each other, and on expressions in all: no agent needs more.
_MAX_OPEN = 60
_MAX_EXPRESSIONS = 1_000_000
# Calls that give back what they are given, by the argument's position.
_PASS_ON = {
    **dict.fromkeys(("builtins.dict", "builtins.list", "builtins.set", "builtins.sorted"), 0),
    **dict.fromkeys(("builtins.str", "builtins.tuple", "functools.partial"), 0),
    "typing.cast": 1,
}


class Evaluator:
    """Knows which values the expressions of the modules have.

    `config` is what the agent's `ModelConfig` holds, `variables` those of the environment that the
    step gives.
    """

    def __init__(
        self,
        modules: Mapping[str, Module],
        config: Mapping[str, Any] | None,
        variables: Mapping[str, str],
    ) -> None:
        self.modules = {name: symbol_table.read(module) for name, module in modules.items()}
        self.scopes = [scope for module in self.modules.values() for scope in module.within()]
        self._configuration = configuration(config, next(iter(modules.values())))
        self._known: dict[ast.expr, Values] = {}
        self._open: set[object] = set()
        self._expressions = 0
        self._scope_of = {scope.node: scope for scope in self.scopes}
        self.containers = Containers(self)
        self.call_sites = CallSites(self, self.containers, self.scopes)
        self.environment = Environment(variables, self.call_sites)
        self._names = Names(self, self.modules, self.containers, self.call_sites)
        self._classes = Classes(self, self._names, self.call_sites, self.scopes)

    @functools.cached_property
    def idle(self) -> set[LexicalScope]:
        """The scopes that no code which runs leads to."""
        return unreached(self.modules.values())

    def values(self, node: ast.expr, scope: LexicalScope) -> Values:
        """All values that an expression may have; none while it is being evaluated already."""
        if node not in self._known:
            self._expressions += 1
            if len(self._open) > _MAX_OPEN or self._expressions > _MAX_EXPRESSIONS:
                return UNKNOWN
            found = self.once(node, lambda: distinct(self._values(node, scope)))
            if found is None:
                return ()
            self._known[node] = found
        return self._known[node]

    def once(self, key: object, follow: Callable[[], Values]) -> Values | None:
        """What `follow` gives, None where it is being followed already."""
        if key in self._open:
            return None
        if len(self._open) > _MAX_OPEN:
            return UNKNOWN
        self._open.add(key)
        try:
            return follow()
        finally:
            self._open.discard(key)

    def _values(self, node: ast.expr, scope: LexicalScope) -> Iterable[Value]:
        match node:
            case ast.Constant(str() as text):
                return (Text(text),)
            case ast.Constant(int() as number) if _is_id(number):
                return (Text(str(number)),)
            case ast.Constant(None):
                return NOTHING
            case ast.Name(name):
                return self._names.look_up(name, scope)
            case ast.Attribute(of, name):
                held = self.values(of, scope)
                return (found for value in held for found in self.attribute(value, name))
            case ast.Call():
                return self._call(node, scope)
            case ast.Subscript():
                return self._subscript(node, scope)
            case ast.JoinedStr(parts):
                return joined(self.values(part, scope) for part in parts)
            case ast.BinOp(left, ast.Add(), right):
                return self._sum(left, right, scope)
            case ast.BinOp(_, ast.BitOr()):  # of dictionaries
                both = ast.Dict([None, None], [node.left, node.right])
                return (ContainerLiteral(both, scope),)
            case ast.IfExp(_, first, second):
                return alternatives((*self.values(first, scope), *self.values(second, scope)))
            case ast.BoolOp():
                return self._first_true(node, scope)
            case (
                ast.FormattedValue(value, -1, None) | ast.Await(value) | ast.NamedExpr(value=value)
            ):
                return self.values(value, scope)
            case ast.Lambda():
                return (Defined(node, self._scope_of[node]),)
            case ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
                return (ContainerLiteral(node, scope),)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return (ContainerLiteral(node, self._scope_of[node]),)
        return UNKNOWN

    def _subscript(self, node: ast.Subscript, scope: LexicalScope) -> Iterable[Value]:
        held = self.values(node.value, scope)
        match node.slice:
            case ast.Constant(int() as position):
                return (found for of in held for found in self.containers.item(of, position))
            case ast.UnaryOp(ast.USub(), ast.Constant(int() as position)):
                return (found for of in held for found in self.containers.item(of, -position))
            case ast.Slice() as part:
                return (found for of in held for found in self.containers.part(of, part))
        keys = self.values(node.slice, scope)
        return (found for of in held for key in keys for found in self._entry(of, key))

    def _entry(self, of: Value, key: Value) -> Values:
        is_variable = of == ENVIRON
        return self.environment.variable(key) if is_variable else self.containers.entry(of, key)

    def _sum(self, left: ast.expr, right: ast.expr, scope: LexicalScope) -> Values:
        """Texts are joined, lists hold what both do."""
        first, second = self.values(left, scope), self.values(right, scope)
        is_text = any(isinstance(value, Text) for value in (*first, *second))
        return joined((first, second)) if is_text else (*first, *second)

    def _first_true(self, node: ast.BoolOp, scope: LexicalScope) -> Values:
        """The values of `a or b`; what follows a text that certainly isn't empty isn't read."""
        found: list[Value] = []
        for each in node.values:
            values = self.values(each, scope)
            found += values
            if isinstance(node.op, ast.Or) and all(
                isinstance(value, Text) and value.certain and value.text for value in values
            ):
                break
        if not isinstance(node.op, ast.Or):
            return alternatives(found)
        given = alternatives(v for v in found if not (is_unset(v) or isinstance(v, Nothing)))
        if any(map(is_unset, found)):
            return uncertain(given) or UNKNOWN
        return given or NOTHING

    def attribute(self, of: Value, name: str) -> Values:
        """All values that an attribute of a value may have."""
        match of:
            case Symbol("mlflow.pyfunc.PythonModelContext()") if name == "model_config":
                return self._configuration
            case Symbol(path, None):
                return self._names.imported(f"{path}.{name}")
            case Symbol(path, made):
                return (Symbol(f"{path}.{name}", made),)
            case CallResult(path):
                return (Symbol(f"{path}().{name}", of),)
            case Instance(defined):
                return self._classes.of_object(defined, name)
            case Defined(ast.ClassDef()):
                return self._classes.of_class(of, name)
            # What a pydantic model is made from, and whoever reads it by attributes.
            case ContainerLiteral(ast.Dict()):
                return self.containers.entry(of, Text(name))
            # A member of an enumeration of texts.
            case Text() if name == "value":
                return (of,)
        return UNKNOWN

    def _call(self, call: ast.Call, scope: LexicalScope) -> Iterable[Value]:
        match call.func:
            case ast.Attribute(of, name):
                held = self.values(of, scope)
                return (v for value in held for v in self._method(value, name, call, scope))
        called = self.values(call.func, scope)
        return (found for of in called for found in self.called(of, call, scope))

    def _method(self, of: Value, name: str, call: ast.Call, scope: LexicalScope) -> Values:
        if isinstance(of, Text | ContainerLiteral):
            return self.containers.method(of, name, call, scope)
        if name in VALIDATORS and isinstance(of, Defined):
            return (Instance(of),)
        methods = self.attribute(of, name)
        return tuple(found for each in methods for found in self.called(each, call, scope))

    def called(self, of: Value, call: ast.Call, scope: LexicalScope) -> Values:
        """All values that a call of a value may give."""
        match of:
            case Symbol("builtins.dict") if call.keywords or not call.args:
                return (keywords(call, scope),)
            case Symbol("builtins.list" | "builtins.set" | "builtins.tuple") if not call.args:
                return (ContainerLiteral(ast.List([]), scope),)
            case Symbol(path) if len(call.args) > _PASS_ON.get(path, len(call.args)):
                return self.values(call.args[_PASS_ON[path]], scope)
            case Symbol(path) if path.startswith("mlflow.") and path.endswith(".ModelConfig"):
                return self._configuration
            case Symbol(path, made):
                given = self.environment.of_call(call, scope) if path in READERS else ()
                return given or (CallResult(path, call, scope, made),)
            case CallResult(path):
                return (CallResult(f"{path}()", call, scope, of),)
            case Defined(ast.ClassDef()):
                return (Instance(of),)
            case Defined(_, body):
                return self.returned(body)
        return UNKNOWN

    def returned(self, function: LexicalScope) -> Values:
        """All values that a function may return, or yield."""
        values = (v for node in function.returns for v in self.values(node, function))
        return alternatives(values) or UNKNOWN


def _is_id(number: int) -> bool:
    return not isinstance(number, bool) and abs(number) < _MAX_NUMBER
