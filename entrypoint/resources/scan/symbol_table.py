"""What the names of a piece of code may stand for, by Python's rules of scopes."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from entrypoint.resources.scan.modules import Module

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
Definition = Function | ast.ClassDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


@dataclass(frozen=True)
class Assigned:
    """A name stands for an expression, `element` of what it holds, or the `item` of that."""

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
    """A name stands for a function or a class of the code."""

    node: Definition
    scope: "LexicalScope"


@dataclass(frozen=True)
class Parameter:
    """A name stands for what a function is called with."""

    name: str
    function: Function
    scope: "LexicalScope"


Binding = Assigned | Imported | Defined | Parameter


@dataclass(eq=False)
class LexicalScope:
    """One scope: a module's, a class', a function's or a comprehension's."""

    module: Module
    node: ast.AST
    parent: "LexicalScope | None" = None
    names: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    attributes: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    """A class' alone: what its methods assign to `self`."""
    grown: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    """What `append` and its like add to the lists of these names."""
    mentions: set[str] = field(default_factory=set)
    """Every name that is read here."""
    stars: list[str] = field(default_factory=list)
    calls: list[ast.Call] = field(default_factory=list)
    children: list["LexicalScope"] = field(default_factory=list)
    returns: list[ast.expr] = field(default_factory=list)

    def look_up(self, name: str) -> tuple[list[Binding], "LexicalScope"]:
        """The bindings of a name that is read here, and the scope that has them."""
        scope: LexicalScope | None = self
        while scope:
            # A class' names are not seen from within its methods.
            visible = scope is self or not isinstance(scope.node, ast.ClassDef)
            if visible and name in scope.names:
                return scope.names[name], scope
            if scope.parent is None:
                return [], scope
            scope = scope.parent
        return [], self

    def owner(self) -> "LexicalScope | None":
        """The class to whose `self` a function here belongs."""
        scope: LexicalScope | None = self
        while scope:
            if scope.parent and isinstance(scope.parent.node, ast.ClassDef):
                return scope.parent
            scope = scope.parent
        return None

    def within(self) -> Iterator["LexicalScope"]:
        """The scope and every one inside of it."""
        todo = [self]
        while todo:
            scope = todo.pop()
            yield scope
            todo += scope.children


def read(module: Module) -> LexicalScope:
    """The scopes of a module; what only runs as a script is left out."""
    scope = LexicalScope(module, module.tree)
    _ScopeBuilder(scope).read(module.tree.body)
    return scope


class _ScopeBuilder:
    """Fills one scope from its statements."""

    def __init__(self, scope: LexicalScope) -> None:
        self._scope = scope

    def read(self, nodes: list[ast.AST] | list[ast.stmt] | list[ast.expr]) -> None:
        todo: list[ast.AST] = list(reversed(nodes))  # and not recursion: code may nest deeply
        while todo:
            node = todo.pop()
            if isinstance(node, ast.If) and _never_serves(node.test):
                todo += reversed(node.orelse)
                continue
            if isinstance(node, _SCOPES):
                todo += reversed(self._define(node))
                continue
            if isinstance(node, _COMPREHENSIONS):
                self._comprehension(node)
                continue
            self._bind(node)
            todo += reversed(list(ast.iter_child_nodes(node)))

    def _define(self, node: Definition) -> list[ast.AST]:
        """Read a definition's body as a scope of its own; give back what belongs to this one."""
        scope = self._child(node)
        outside: list[ast.AST] = list(getattr(node, "decorator_list", []))
        if not isinstance(node, ast.Lambda):
            self._scope.names[node.name].append(Defined(node, scope))
        if isinstance(node, ast.ClassDef):
            outside += [*node.bases, *(keyword.value for keyword in node.keywords)]
            _ScopeBuilder(scope).read(node.body)
            return outside
        arguments = node.args
        outside += [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]
        for each in parameters(node):
            scope.names[each].append(Parameter(each, node, scope))
        for starred in (arguments.vararg, arguments.kwarg):
            if starred:
                scope.names[starred.arg].append(Parameter(starred.arg, node, scope))
        if isinstance(node, ast.Lambda):
            scope.returns.append(node.body)
            _ScopeBuilder(scope).read([node.body])
        else:
            _ScopeBuilder(scope).read(node.body)
        return outside

    def _comprehension(self, node: Comprehension) -> None:
        scope = self._child(node)
        reader = _ScopeBuilder(scope)
        for index, generator in enumerate(node.generators):
            # The first one's source is read outside.
            (self if index == 0 else reader).read([generator.iter])
            source = self._scope if index == 0 else scope
            reader._target(generator.target, generator.iter, source, element=True)
            reader.read(generator.ifs)
        reader.read([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])

    def _child(self, node: ast.AST) -> LexicalScope:
        scope = LexicalScope(self._scope.module, node, self._scope)
        self._scope.children.append(scope)
        return scope

    def _bind(self, node: ast.AST) -> None:
        scope = self._scope
        match node:
            case ast.Call():
                scope.calls.append(node)
                self._grow(node)
            case ast.Name(ctx=ast.Load()):
                scope.mentions.add(node.id)
            case ast.Attribute():
                scope.mentions.add(node.attr)
            case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
                scope.returns.append(value)
            case ast.Import():
                for alias in node.names:
                    # `import a.b` binds `a`.
                    path = alias.name if alias.asname else alias.name.partition(".")[0]
                    scope.names[alias.asname or path].append(Imported(path))
            case ast.ImportFrom():
                base = scope.module.absolute(node.module, node.level)
                scope.mentions.update(alias.name for alias in node.names)
                for alias in node.names:
                    if alias.name == "*":
                        scope.stars.append(base)
                    else:
                        name = alias.asname or alias.name
                        scope.names[name].append(Imported(f"{base}.{alias.name}"))
            case ast.Assign():
                for target in node.targets:
                    self._target(target, node.value, scope)
            case ast.AnnAssign(value=ast.expr() as value):
                self._target(node.target, value, scope)
            case ast.AugAssign() | ast.NamedExpr():
                self._target(node.target, node.value, scope)
            case ast.For() | ast.AsyncFor():
                self._target(node.target, node.iter, scope, element=True)
            case ast.withitem(optional_vars=ast.expr() as target):
                self._target(target, node.context_expr, scope)

    def _grow(self, call: ast.Call) -> None:
        match call:
            case ast.Call(ast.Attribute(ast.Name(name), "append" | "add"), [value]):
                held = ast.List([value], ast.Load())
                self._scope.grown[name].append(Assigned(held, self._scope))
            case ast.Call(ast.Attribute(ast.Name(name), "extend" | "update"), [value]):
                self._scope.grown[name].append(Assigned(value, self._scope))

    def _target(
        self, target: ast.expr, value: ast.expr, source: LexicalScope, *, element: bool = False
    ) -> None:
        scope = self._scope
        match target:
            case ast.Name():
                scope.names[target.id].append(Assigned(value, source, element))
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                if owner := scope.owner():
                    owner.attributes[target.attr].append(Assigned(value, source, element))
            case ast.Tuple() | ast.List():
                for index, each in enumerate(target.elts):
                    if isinstance(each, ast.Name):
                        assigned = Assigned(value, source, element, index)
                        scope.names[each.id].append(assigned)


def parameters(function: Function) -> list[str]:
    """The names of its parameters that can be given one by one, those by position first."""
    arguments = function.args
    return [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def default(function: Function, name: str) -> ast.expr | None:
    """The default of a parameter."""
    arguments = function.args
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    defaults: dict[str, ast.expr | None] = dict(
        zip(reversed(positional), reversed(arguments.defaults), strict=False)
    )
    keywords = [each.arg for each in arguments.kwonlyargs]
    defaults.update(zip(keywords, arguments.kw_defaults, strict=True))
    return defaults.get(name)


def _never_serves(test: ast.expr) -> bool:
    """Whether what follows runs only as a script, or for type checkers."""
    match test:
        case ast.Compare(left=ast.Name(id="__name__")):
            return True
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
    return False


def has_decorator(node: ast.AST, name: str) -> bool:
    """Whether a definition has a decorator of that name."""
    names = [
        getattr(each, "id", getattr(each, "attr", ""))
        for each in getattr(node, "decorator_list", ())
    ]
    return name in names or (name == "property" and "cached_property" in names)
