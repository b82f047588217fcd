"""Lists, dictionaries and the configuration: what they hold."""

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from entrypoint.resources.scan.modules import Module
from entrypoint.resources.scan.scopes import LexicalScope
from entrypoint.resources.scan.values import (
    NOTHING,
    UNKNOWN,
    ContainerLiteral,
    Evaluation,
    Text,
    Unknown,
    Value,
    Values,
    alternatives,
    as_certain_as,
    distinct,
    uncertain,
)


def configuration(config: Mapping[str, Any] | None, agent: Module) -> Values:
    """The configuration, as if it stood in the code."""
    tree = None if config is None else ast.parse(repr(dict(config)))
    match tree:
        case ast.Module([ast.Expr(node)]):
            return (ContainerLiteral(node, LexicalScope(agent, tree)),)
    return UNKNOWN


class Containers:
    """Opens what stands in the code as a list or a dictionary."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._once = evaluation.once
        self._values = evaluation.values
        self._elements: dict[ast.expr, Values] = {}

    def item(self, of: Value, position: int) -> Values:
        """What stands at a position."""
        match of:
            case ContainerLiteral(ast.List(elts) | ast.Tuple(elts), scope):
                if -len(elts) <= position < len(elts):
                    return as_certain_as(of, self._values(elts[position], scope))
        return UNKNOWN

    def part(self, of: Value, part: ast.Slice) -> Values:
        """What a slice has of a list or of a text."""
        try:
            nodes = (part.lower, part.upper, part.step)
            bounds = slice(*[ast.literal_eval(each) if each else None for each in nodes])
            bounds.indices(0)
        except (TypeError, ValueError):  # not known, or none that Python takes
            return uncertain((of,)) if isinstance(of, ContainerLiteral) else UNKNOWN
        match of:
            case ContainerLiteral(ast.List(elts) | ast.Tuple(elts), scope, certain):
                certain &= not any(isinstance(each, ast.Starred) for each in elts)
                return (ContainerLiteral(ast.List(elts[bounds]), scope, certain),)
            case Text(text, certain) if of.is_known:
                return (Text(text[bounds], certain),)
        return UNKNOWN

    def entry(self, of: Value, key: Value) -> Values:
        """What a dictionary holds under a key; nothing when it certainly holds nothing there."""
        match of, key:
            case ContainerLiteral(ast.Dict() as node, scope), Text(name, certain) if key.is_known:
                found = as_certain_as(of, self._entry(node, scope, name))
                return found if certain else uncertain(found)
            case _, Text() if key.is_known:
                return UNKNOWN
        return alternatives(self.entries(of))

    def _entry(self, node: ast.Dict, scope: LexicalScope, key: str) -> Values:
        # The last one counts.
        for name, entry in reversed(list(zip(node.keys, node.values, strict=True))):
            if name is None:
                found = self._entry_of_another(entry, scope, key)
            else:
                names = (v.text for v in self._values(name, scope) if isinstance(v, Text))
                found = self._values(entry, scope) if key in names else ()
            if found:
                return found
        return ()

    def _entry_of_another(self, node: ast.expr, scope: LexicalScope, key: str) -> Values:
        """What `**another` holds under a key."""

        def entries() -> Values:
            return distinct(
                v for of in self._values(node, scope) for v in self.entry(of, Text(key))
            )

        return self._once((node, key), entries) or ()

    def inside(self, of: Value) -> Values:
        """The elements of a list or a set, or the keys of a dictionary."""
        if not isinstance(of, ContainerLiteral):
            return UNKNOWN
        if of.node not in self._elements:
            found = self._once(
                (of.node, "inside"), lambda: distinct(self._inside(of.node, of.scope))
            )
            if found is None:
                return ()
            self._elements[of.node] = found
        return as_certain_as(of, self._elements[of.node])

    def entries(self, of: Value) -> Values:
        """What a dictionary holds under any of its keys."""
        return self.inside(_entries(of))

    def _inside(self, node: ast.expr, scope: LexicalScope) -> Iterable[Value]:
        match node:
            case ast.List(elts) | ast.Tuple(elts) | ast.Set(elts):
                return (value for each in elts for value in self.element(each, scope))
            case ast.Dict(keys, entries):
                held = (each for key, each in zip(keys, entries, strict=True) if not key)
                others = (of for each in held for of in self._values(each, scope))
                own = (v for key in keys if key for v in self._values(key, scope))
                return (*own, *(v for of in others for v in self.inside(of)))
            case ast.ListComp(elt) | ast.SetComp(elt) | ast.GeneratorExp(elt) | ast.DictComp(elt):
                return self._values(elt, scope)
        return UNKNOWN

    def element(self, node: ast.expr, scope: LexicalScope) -> Iterable[Value]:
        """What an element may be; `*more` stands for all that `more` holds."""
        if isinstance(node, ast.Starred):
            held = self._values(node.value, scope)
            return (each for value in held for each in self.inside(value))
        return self._values(node, scope)

    def method(self, of: Value, name: str, call: ast.Call, scope: LexicalScope) -> Values:
        """What a method of a text or a container gives."""
        match of, name:
            case ContainerLiteral(), "get" if call.args:
                keys = self._values(call.args[0], scope)
                found = tuple(value for key in keys for value in self.entry(of, key))
                default = self._values(call.args[1], scope) if call.args[1:] else uncertain(NOTHING)
                return found or default
            case ContainerLiteral(), "values":
                return (_entries(of),)
            case ContainerLiteral(ast.Dict(keys, entries), where), "items":
                pairs: list[ast.expr] = [
                    ast.Tuple([key, entry]) for key, entry in zip(keys, entries, strict=True) if key
                ]
                return (ContainerLiteral(ast.List(pairs), where, of.certain),)
            case (ContainerLiteral(), "keys" | "copy" | "to_dict") | (Text(), "strip"):
                return (of,)
        return UNKNOWN


def _entries(of: Value) -> Value:
    """What a dictionary's `values()` gives."""
    match of:
        case ContainerLiteral(ast.Dict(keys, entries), scope, certain):
            held = [entry for key, entry in zip(keys, entries, strict=True) if key]
            return ContainerLiteral(ast.List(held), scope, certain)
    return Unknown()
