"""The values that an expression of the code may have, found without running it."""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from entrypoint.resources.scan.scopes import Defined, LexicalScope

# Stands in a text for a part that is not known; no name can hold it.
UNKNOWN_PART = "\0"
# An expression with more values, or with longer ones, isn't followed any further.
MAX_VALUES = 256
MAX_TEXT_CHARS = 2_000
# Clients are made of clients, but not endlessly.
MAX_CLIENT_LEVELS = 8


@dataclass(frozen=True)
class Text:
    """A text; what isn't known of it is UNKNOWN_PART.

    Not `certain`: one of several that it may be.
    """

    text: str
    certain: bool = True

    @property
    def is_known(self) -> bool:
        """Whether all of it is."""
        return UNKNOWN_PART not in self.text


@dataclass(frozen=True)
class Symbol:
    """Something that the code imports, by its dotted path, or an attribute of a call's result."""

    path: str
    of: "CallResult | None" = None


@dataclass(frozen=True, eq=False)
class CallResult:
    """What calling a symbol gives; its attributes have the path `called().attribute`."""

    path: str
    call: ast.Call
    scope: LexicalScope
    of: "CallResult | None" = None


@dataclass(frozen=True)
class Instance:
    """An object of a class of the code."""

    defined: Defined


@dataclass(frozen=True, eq=False)
class ContainerLiteral:
    """A list, a set, a tuple, a dictionary or a comprehension, as it stands in the code."""

    node: ast.expr
    scope: LexicalScope
    certain: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether it certainly holds nothing."""
        return not getattr(self.node, "elts", getattr(self.node, "keys", self.node))


@dataclass(frozen=True)
class Nothing:
    """None: not `certain` where something else may take its place."""

    certain: bool = True


@dataclass(frozen=True)
class Unknown:
    """What can't be followed."""


# `Defined`: a function or a class of the code.
Value = Text | Symbol | CallResult | Defined | Instance | ContainerLiteral | Nothing | Unknown
Values = tuple[Value, ...]
UNKNOWN: Values = (Unknown(),)
NOTHING: Values = (Nothing(),)


class Evaluation(Protocol):
    """The part of `Evaluator` that containers, classes and calls need without importing it."""

    def values(self, node: ast.expr, scope: LexicalScope) -> Values:
        """All values that an expression may have; none while it is being evaluated already."""

    def attribute(self, of: Value, name: str) -> Values:
        """All values that an attribute of a value may have."""

    def called(self, of: Value, call: ast.Call, scope: LexicalScope) -> Values:
        """All values that a call of a value may give."""

    def returned(self, function: LexicalScope) -> Values:
        """All values that a function may return, or yield."""

    def once(self, key: object, follow: Callable[[], Values]) -> Values | None:
        """What `follow` gives, None where it is being followed already."""


def distinct(values: Iterable[Value]) -> Values:
    """The values, each once, and not too many of them."""
    found = tuple(dict.fromkeys(values))
    return found if len(found) <= MAX_VALUES else (*found[:MAX_VALUES], *UNKNOWN)


def alternatives(values: Iterable[Value]) -> Values:
    """The values of which one is taken; which one is decided when the code runs."""
    found = distinct(values)
    return found if len(found) == 1 else uncertain(found)


def uncertain(values: Iterable[Value]) -> Values:
    """The values, each as one of several."""
    kinds = Text | ContainerLiteral | Nothing
    return tuple(replace(v, certain=False) if isinstance(v, kinds) else v for v in values)


def as_certain_as(of: ContainerLiteral, values: Values) -> Values:
    """The values that a container holds: each as one of several where the container is."""
    return values if of.certain else uncertain(values)


def joined(parts: Iterable[Values]) -> Values:
    """The texts that the parts can make together, with UNKNOWN_PART for what isn't known."""
    texts = [Text("")]
    for part in parts:
        found = [each if isinstance(each, Text) else Text(UNKNOWN_PART) for each in part or UNKNOWN]
        texts = [
            Text(text.text + more.text, text.certain and more.certain)
            for text in texts
            for more in dict.fromkeys(found)
        ]
        if len(texts) > MAX_VALUES or any(len(text.text) > MAX_TEXT_CHARS for text in texts):
            return UNKNOWN
    return tuple(texts)


def keywords(call: ast.Call, scope: LexicalScope) -> ContainerLiteral:
    """The dictionary of a call's keywords, on top of the dictionaries that it is given."""
    given = [*(ast.keyword(None, each) for each in call.args), *call.keywords]
    keys: list[ast.expr | None] = [ast.Constant(k.arg) if k.arg else None for k in given]
    return ContainerLiteral(ast.Dict(keys, [each.value for each in given]), scope)
