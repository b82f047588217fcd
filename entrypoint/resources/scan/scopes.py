"""Scopes of the code, and what the names in them are bound to.

https://docs.python.org/3/reference/executionmodel.html#naming-and-binding
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from entrypoint.resources.scan.modules import Module

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class Assigned:
    """A name stands for an expression.

    With `element`, for an element of its value, as in a `for` loop; with `item`, for the one at
    that index, as in unpacking.
    """

    node: ast.expr
    scope: "LexicalScope"
    element: bool = False
    item: int | None = None


@dataclass(frozen=True)
class Imported:
    """A name stands for what an import brings."""

    path: str


@dataclass(frozen=True)
class Defined:
    """A name stands for a function or a class of the code, whose own scope is `scope`."""

    node: Definition
    scope: "LexicalScope"


@dataclass(frozen=True)
class Receiver:
    """A name stands for the object whose method it is in (`self`), or for its class (`cls`)."""

    defined: Defined
    is_class: bool


@dataclass(frozen=True)
class Parameter:
    """A name stands for an argument of a function.

    `position`: in a call, which doesn't give `self`; None where it can't be given by position.
    """

    function: Defined
    name: str
    position: int | None
    default: ast.expr | None = None


@dataclass(frozen=True)
class Keywords:
    """A name stands for the keyword arguments of a function: `**kwargs`."""

    function: Defined


Binding = Assigned | Imported | Defined | Receiver | Parameter | Keywords
Bindings = dict[str, list[Binding]]


def _bindings() -> Bindings:
    return defaultdict(list)


@dataclass(eq=False)
class LexicalScope:
    """One scope: a module's, a class', a function's or a comprehension's."""

    module: Module
    node: ast.AST
    parent: "LexicalScope | None" = None
    names: Bindings = field(default_factory=_bindings)
    attributes: Bindings = field(default_factory=_bindings)
    """Of a class: what its methods assign to `self`."""
    grown: Bindings = field(default_factory=_bindings)
    """What `append` and its like add to the lists of these names."""
    mentions: set[str] = field(default_factory=set)
    """Every name that is read here."""
    stars: list[str] = field(default_factory=list)
    """The modules of which `import *` takes all names."""
    calls: list[ast.Call] = field(default_factory=list)
    lookups: list[ast.Subscript | ast.Compare] = field(default_factory=list)
    """What may read an entry of a mapping, or ask for one: `of[key]`, `key in of`."""
    children: list["LexicalScope"] = field(default_factory=list)
    returns: list[ast.expr] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of a function or a class; empty for others."""
        return getattr(self.node, "name", "")

    def look_up(self, name: str) -> tuple[list[Binding], "LexicalScope"]:
        """The bindings of a name that is read here, and the scope that has them."""
        scope = self
        while True:
            # A class' names are not seen from within its methods.
            visible = scope is self or not isinstance(scope.node, ast.ClassDef)
            if visible and name in scope.names:
                return scope.names[name], scope
            if scope.parent is None:
                return [], scope
            scope = scope.parent

    @property
    def method_of(self) -> Defined | None:
        """The class in whose body this stands."""
        parent = self.parent
        if parent and isinstance(parent.node, ast.ClassDef):
            return Defined(parent.node, parent)
        return None

    def owner(self) -> Defined | None:
        """The class to whose object `self` belongs here."""
        scope: LexicalScope | None = self
        while scope and not scope.method_of:
            scope = scope.parent
        return scope.method_of if scope else None

    def within(self) -> Iterator["LexicalScope"]:
        """The scope and every one inside of it."""
        todo = [self]
        while todo:
            scope = todo.pop()
            yield scope
            todo += scope.children


def has_decorator(node: ast.AST, *names: str) -> bool:
    """Whether a definition has a decorator of one of the names."""
    decorators = getattr(node, "decorator_list", ())
    return any(getattr(each, "id", getattr(each, "attr", "")) in names for each in decorators)
