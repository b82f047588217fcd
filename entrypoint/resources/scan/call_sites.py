"""Where functions and classes of the code are called, and with what."""

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from entrypoint.resources.scan.containers import Containers
from entrypoint.resources.scan.scopes import Defined, Imported, LexicalScope, Parameter
from entrypoint.resources.scan.values import (
    NOTHING,
    UNKNOWN,
    Evaluation,
    Symbol,
    Text,
    Values,
    distinct,
    keywords,
    uncertain,
)

# What makes an object of a pydantic class from a dictionary.
VALIDATORS = ("model_validate", "model_construct", "parse_obj")
# A call, and the scope in which it stands.
Site = tuple[ast.Call, LexicalScope]


@dataclass(frozen=True)
class Argument:
    """An argument of a call: its names, and its position where it has one."""

    names: tuple[str, ...]
    position: int | None = None


class CallSites:
    """All calls, by the last name of what is called."""

    def __init__(
        self, evaluation: Evaluation, containers: Containers, scopes: Iterable[LexicalScope]
    ) -> None:
        self._values = evaluation.values
        self._containers = containers
        self._by_name: dict[str, list[Site]] = defaultdict(list)
        for scope in scopes:
            for call in scope.calls:
                self._by_name[_called_name(call.func, scope)].append((call, scope))

    def parameter(self, parameter: Parameter) -> Values:
        """What a function's parameter may be: what the calls of the function give, or its default.

        Where no call is found, a default is uncertain, and None says nothing.
        """
        function, argument = parameter.function, Argument((parameter.name,), parameter.position)
        if function.scope.method_of and argument == Argument(("context",), 0):
            return (Symbol("mlflow.pyfunc.PythonModelContext()"),)
        default = UNKNOWN
        if parameter.default and function.scope.parent:
            default = self._values(parameter.default, function.scope.parent)
        given = [self.argument(argument, *site) or default for site in self.of(function)]
        if given:
            return distinct(itertools.chain(*given))
        return UNKNOWN if default == NOTHING else uncertain(default)

    def keywords(self, function: Defined) -> Values:
        """What a function has in its `**kwargs`: the keywords of each call."""
        calls = self.of(function)
        return tuple(keywords(ast.Call(call.func, [], call.keywords), at) for call, at in calls)

    def of(self, defined: Defined) -> Iterator[Site]:
        """The calls of a function or a class; those of an `__init__` are those of its class."""
        if defined.scope.name == "__init__" and defined.scope.method_of:
            defined = defined.scope.method_of
        for call, scope in self._by_name.get(defined.scope.name, ()):
            if defined in self._values(call.func, scope):
                yield call, scope
        for call, scope in self._by_name.get("partial", ()):
            if call.args and defined in self._values(call.args[0], scope):
                yield ast.Call(call.func, call.args[1:], call.keywords), scope
        for call, scope in itertools.chain(*(self._by_name.get(name, ()) for name in VALIDATORS)):
            match call:
                case ast.Call(ast.Attribute(of), held, more) if defined in self._values(of, scope):
                    given = [ast.keyword(None, each) for each in held]
                    yield ast.Call(of, [], [*given, *more]), scope

    def argument(self, argument: Argument, call: ast.Call, scope: LexicalScope) -> Values:
        """What an argument of a call may be; nothing when it isn't given."""
        for keyword in call.keywords:
            if keyword.arg in argument.names:
                return self._values(keyword.value, scope) or UNKNOWN
        before_star = list(
            itertools.takewhile(lambda each: not isinstance(each, ast.Starred), call.args)
        )
        if argument.position is not None and argument.position < len(before_star):
            return self._values(before_star[argument.position], scope) or UNKNOWN
        options = [each.value for each in call.keywords if each.arg is None]  # `**options`
        held = [value for each in options for value in self._values(each, scope) or UNKNOWN]
        keys = map(Text, argument.names)
        given = itertools.starmap(self._containers.entry, itertools.product(held, keys))
        return distinct(itertools.chain(*given)) or (
            UNKNOWN if len(before_star) < len(call.args) else ()
        )


def _called_name(node: ast.expr, scope: LexicalScope) -> str:
    """The last name of what is called, as it is called where it is defined."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if not isinstance(node, ast.Name):
        return ""
    for binding in scope.look_up(node.id)[0]:
        if isinstance(binding, Imported):
            return binding.path.rpartition(".")[2]
    return node.id
