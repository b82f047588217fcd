"""What an expression may be worth, followed through the code without running it."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from entrypoint.resources.scan.symbol_table import Defined, LexicalScope

# Stands in a text for a part that is not known; no name can hold it.
UNKNOWN_PART = "\0"
# What may be worth more than this, or is longer, isn't followed any further.
MOST = 256
LONGEST = 2_000


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
    """Something that the code imports, by its dotted path, or an attribute of what that made."""

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
class Local:
    """A function or a class of the code; `bound`: read from an instance."""

    defined: Defined
    bound: bool = False


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


@dataclass(frozen=True, eq=False)
class Data:
    """A dictionary or a list of the configuration."""

    data: Any
    certain: bool = True


@dataclass(frozen=True, eq=False)
class KwArgs:
    """The keyword arguments of a call, as a function has them in `**kwargs`."""

    call: ast.Call
    scope: LexicalScope


@dataclass(frozen=True)
class Method:
    """A method of a text or of a container."""

    of: "Text | ContainerLiteral | Data"
    name: str


@dataclass(frozen=True)
class View:
    """The `values()` or the `items()` of a dictionary, or `enumerate` of what it holds."""

    of: "ContainerLiteral | Data | View"
    which: str


@dataclass(frozen=True)
class Pair:
    """One of a dictionary's items, or of what is enumerated."""

    key: tuple["Value", ...]
    value: tuple["Value", ...]


@dataclass(frozen=True)
class Unknown:
    """What can't be followed."""


Value = (
    Text
    | Symbol
    | CallResult
    | Local
    | Instance
    | ContainerLiteral
    | Data
    | KwArgs
    | Method
    | View
    | Pair
    | Unknown
)
Values = tuple[Value, ...]
UNKNOWN: Values = (Unknown(),)


def of_data(data: object) -> Value:
    """A value of the configuration."""
    if isinstance(data, str):
        return Text(data)
    return Data(data) if isinstance(data, dict | list) else Unknown()


def some(values: Iterable[Value]) -> Values:
    """The values, each once, and not too many of them."""
    found = tuple(dict.fromkeys(values))
    return found if len(found) <= MOST else (*found[:MOST], *UNKNOWN)


def alternatives(values: Iterable[Value]) -> Values:
    """The values of which one is taken, nobody knows which."""
    found = some(values)
    return found if len(found) == 1 else tuple(uncertain(value) for value in found)


def uncertain(value: Value) -> Value:
    """The value, as one of several."""
    if isinstance(value, Text | ContainerLiteral | Data) and value.certain:
        return replace(value, certain=False)
    return value
