"""Lists, dictionaries and the configuration: what they hold."""

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from entrypoint.resources.scan.symbol_table import LexicalScope
from entrypoint.resources.scan.values import (
    UNKNOWN,
    ContainerLiteral,
    Data,
    KwArgs,
    Method,
    Pair,
    Text,
    Value,
    Values,
    View,
    alternatives,
    of_data,
    some,
    uncertain,
)

if TYPE_CHECKING:
    from entrypoint.resources.scan.evaluator import Evaluator

# `{"server": {"url": ...}}`
_DEEPEST = 2


class Containers:
    """Opens what stands in the code as a list or a dictionary."""

    def __init__(self, follower: "Evaluator") -> None:
        self._follower = follower
        self._known: dict[int, Values] = {}

    def item(self, of: Value, position: int) -> Iterable[Value]:
        """What stands at a position."""
        match of:
            case ContainerLiteral(ast.List(elts) | ast.Tuple(elts), scope):
                if -len(elts) <= position < len(elts):
                    return self._follower.values(elts[position], scope)
            case Data(list() as data):
                if -len(data) <= position < len(data):
                    return (of_data(data[position]),)
            case Pair():
                return of.key if position == 0 else of.value
        return UNKNOWN

    def entry(self, of: Value, key: Value) -> Iterable[Value]:
        """What a dictionary holds under a key; nothing when it certainly holds nothing there."""
        if not isinstance(key, Text) or not key.is_known:
            if isinstance(of, ContainerLiteral | Data):
                return alternatives(self.inside(View(of, "values")))
            return UNKNOWN
        match of:
            case ContainerLiteral(ast.Dict(keys, entries), scope):
                # The last one counts.
                for name, entry in reversed(list(zip(keys, entries, strict=True))):
                    if name is None:
                        held = self._follower.values(entry, scope)
                        found = self._follower.once(
                            (id(entry), key.text),
                            lambda: some(v for more in held for v in self.entry(more, key)),  # noqa: B023
                        )
                    elif key.text in _texts(self._follower.values(name, scope)):
                        found = self._follower.values(entry, scope)
                    else:
                        continue
                    if found:
                        return found if of.certain else alternatives((*found, *UNKNOWN))[:-1]
                return ()
            case Data(dict() as data):
                return (of_data(data[key.text]),) if key.text in data else ()
            case KwArgs(call, scope):
                text = key.text
                argument = self._follower.sites.argument
                given = self._follower.once(
                    (id(call), text), lambda: argument(call, scope, [text], None)
                )
                return given or ()
        return UNKNOWN

    def inside(self, of: Value) -> Values:
        """The elements of a value."""
        if not isinstance(of, ContainerLiteral):
            return some(self._inside(of))
        if id(of.node) not in self._known:
            found = self._follower.once((id(of.node), "inside"), lambda: some(self._inside(of)))
            if found is None:
                return ()
            self._known[id(of.node)] = found
        elements = self._known[id(of.node)]
        return elements if of.certain else tuple(uncertain(each) for each in elements)

    def _inside(self, of: Value) -> Iterable[Value]:
        match of:
            case ContainerLiteral(ast.List(elts) | ast.Tuple(elts) | ast.Set(elts), scope):
                return [value for each in elts for value in self.element(each, scope)]
            case ContainerLiteral(
                ast.ListComp() | ast.SetComp() | ast.GeneratorExp() as node, scope
            ):
                return self._follower.values(node.elt, scope)
            case ContainerLiteral(ast.DictComp() as node, scope):
                return self._follower.values(node.key, scope)
            case ContainerLiteral(ast.Dict(keys), scope):
                return [value for key in keys if key for value in self._follower.values(key, scope)]
            case View(held, "enumerate"):
                return [Pair(UNKNOWN, (each,)) for each in self.inside(held)]
            case View(ContainerLiteral(ast.Dict(keys, entries), scope), which):
                return [
                    value
                    for key, entry in zip(keys, entries, strict=True)
                    if key
                    for value in (
                        self._follower.values(entry, scope)
                        if which == "values"
                        else (
                            Pair(
                                self._follower.values(key, scope),
                                self._follower.values(entry, scope),
                            ),
                        )
                    )
                ]
            case View(Data(dict() as data), "values"):
                return [of_data(each) for each in data.values()]
            case View(Data(dict() as data)):
                return [Pair((Text(str(key)),), (of_data(each),)) for key, each in data.items()]
            case Data():
                return [of_data(each) for each in of.data]
        return UNKNOWN

    def within(self, values: Values, keys: Iterable[str], depth: int = 0) -> Iterator[Value]:
        """What stands under one of the keys in a dictionary, or in one inside of it."""
        for value in values:
            found = [each for key in keys for each in self.entry(value, Text(key))]
            yield from found
            if not found and depth < _DEEPEST and isinstance(value, ContainerLiteral | Data):
                yield from self.within(tuple(self.inside(View(value, "values"))), keys, depth + 1)

    def element(self, node: ast.expr, scope: LexicalScope) -> Values:
        """What an element may be worth; `*more` is worth all that `more` holds."""
        if isinstance(node, ast.Starred):
            return self._follower.elements(node.value, scope)
        return self._follower.values(node, scope)

    def called(self, method: Method, call: ast.Call, scope: LexicalScope) -> Iterable[Value]:
        """What a method gives."""
        match method:
            case Method(ContainerLiteral() | Data() as of, "get") if call.args:
                found = [
                    value
                    for key in self._follower.values(call.args[0], scope)
                    for value in self.entry(of, key)
                ]
                return found or (
                    self._follower.values(call.args[1], scope) if call.args[1:] else UNKNOWN
                )
            case Method(ContainerLiteral() | Data() as of, "values" | "items" as which):
                return (View(of, which),)
            case Method(ContainerLiteral() | Data() as of, "keys" | "copy" | "to_dict"):
                return (of,)
            case Method(Text() as of, "strip"):
                return (of,)
        return UNKNOWN


def _texts(values: Values) -> set[str]:
    return {value.text for value in values if isinstance(value, Text)}
