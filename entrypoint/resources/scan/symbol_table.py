"""Reads the scopes of a module: what its names stand for, by Python's rules."""

import ast

from entrypoint.resources.scan.modules import Module
from entrypoint.resources.scan.scopes import (
    Assigned,
    Comprehension,
    Defined,
    Definition,
    Function,
    Imported,
    Keywords,
    LexicalScope,
    Parameter,
    Receiver,
    has_decorator,
)
from entrypoint.resources.scan.values import keywords


def read(module: Module) -> LexicalScope:
    """The scope of a module, with those inside of it; what only runs as a script is left out."""
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
            elif isinstance(node, Definition):
                todo += reversed(self._define(node))
            elif isinstance(node, Comprehension):
                self._comprehension(node)
            else:
                self._bind(node)
                todo += reversed(list(ast.iter_child_nodes(node)))

    def _define(self, node: Definition) -> list[ast.AST]:
        """Read a definition's body as a scope of its own; give back what belongs to this one."""
        defined = Defined(node, self._child(node))
        body = _ScopeBuilder(defined.scope)
        outside: list[ast.AST] = list(getattr(node, "decorator_list", []))
        if isinstance(node, ast.ClassDef):
            outside += [*node.bases, *(keyword.value for keyword in node.keywords)]
        else:
            outside += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            _bind_parameters(defined, node)
        if isinstance(node, ast.Lambda):
            defined.scope.returns.append(node.body)
            body.read([node.body])
        else:
            self._scope.names[node.name].append(defined)
            body.read(node.body)
        return outside

    def _comprehension(self, node: Comprehension) -> None:
        scope = self._child(node)
        reader = _ScopeBuilder(scope)
        for index, generator in enumerate(node.generators):
            # The first one's source is read outside.
            outer, source = (self, self._scope) if index == 0 else (reader, scope)
            outer.read([generator.iter])
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
            case ast.Subscript() | ast.Compare():
                scope.lookups.append(node)
            case ast.Name(name, ast.Load()) | ast.Attribute(attr=name):
                scope.mentions.add(name)
            case ast.Return(ast.expr() as value) | ast.Yield(ast.expr() as value):
                scope.returns.append(value)
            case ast.Import():
                for alias in node.names:
                    # `import a.b` binds `a`.
                    path = alias.name if alias.asname else alias.name.partition(".")[0]
                    scope.names[alias.asname or path].append(Imported(path))
            case ast.ImportFrom():
                self._import_from(node)
            case ast.Assign(targets, value):
                for target in targets:
                    self._target(target, value, scope)
            case ast.AnnAssign(target, value=ast.expr() as value):
                self._target(target, value, scope)
            case ast.AugAssign(target, value=value) | ast.NamedExpr(target, value):
                self._target(target, value, scope)
            case ast.For(target, source) | ast.AsyncFor(target, source):
                self._target(target, source, scope, element=True)
            case ast.withitem(source, ast.expr() as target):
                self._target(target, source, scope)

    def _import_from(self, node: ast.ImportFrom) -> None:
        base = self._scope.module.absolute(node.module, node.level)
        for alias in node.names:
            if alias.name == "*":
                self._scope.stars.append(base)
            else:
                self._scope.mentions.add(alias.name)
                imported = Imported(f"{base}.{alias.name}")
                self._scope.names[alias.asname or alias.name].append(imported)

    def _grow(self, call: ast.Call) -> None:
        match call:
            case ast.Call(ast.Attribute(ast.Name(name), "append" | "add"), [value]):
                held = ast.List([value], ast.Load())
                self._scope.grown[name].append(Assigned(held, self._scope))
            case ast.Call(ast.Attribute(ast.Name(name), "extend" | "update"), [value], []):
                self._scope.grown[name].append(Assigned(value, self._scope))
            case ast.Call(ast.Attribute(ast.Name(name), "update")):
                self._scope.grown[name].append(
                    Assigned(keywords(call, self._scope).node, self._scope)
                )
            case ast.Call(ast.Attribute(ast.Name() as held, "setdefault"), [key, value]):
                self._target(ast.Subscript(held, key), value, self._scope)

    def _target(
        self, target: ast.expr, value: ast.expr, source: LexicalScope, *, element: bool = False
    ) -> None:
        match target, value:
            case ast.Name(name), _:
                self._scope.names[name].append(Assigned(value, source, element))
            case ast.Attribute(ast.Name("self" | "cls"), name), _:
                if owner := self._scope.owner():
                    owner.scope.attributes[name].append(Assigned(value, source, element))
            case ast.Subscript(ast.Name(name), key), _ if not element:
                self._scope.grown[name].append(Assigned(ast.Dict([key], [value]), source))
            case ast.Subscript(ast.Attribute() | ast.Subscript() as held, key), _ if not element:
                self._target(held, ast.Dict([key], [value]), source)
            case ast.Tuple([_, each]), ast.Call(ast.Name("enumerate"), [held, *_]):
                self._target(each, held, source, element=True)
            case ((ast.Tuple(targets) | ast.List(targets)), _):
                for index, each in enumerate(targets):
                    if isinstance(each, ast.Name):
                        assigned = Assigned(value, source, element, index)
                        self._scope.names[each.id].append(assigned)


def _bind_parameters(defined: Defined, node: Function) -> None:
    names, arguments = defined.scope.names, node.args
    positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    defaults: dict[str, ast.expr] = dict(
        zip(reversed(positional), reversed(arguments.defaults), strict=False)
    )
    owner = defined.scope.method_of
    if owner and positional and not has_decorator(node, "staticmethod"):
        names[positional.pop(0)].append(Receiver(owner, has_decorator(node, "classmethod")))
    for position, name in enumerate(positional):
        names[name].append(Parameter(defined, name, position, defaults.get(name)))
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        names[each.arg].append(Parameter(defined, each.arg, None, default))
    if arguments.vararg:
        names[arguments.vararg.arg].append(Parameter(defined, arguments.vararg.arg, None))
    if arguments.kwarg:
        names[arguments.kwarg.arg].append(Keywords(defined))


def _never_serves(test: ast.expr) -> bool:
    """Whether what follows runs only as a script, or for type checkers."""
    match test:
        case ast.Compare(ast.Name("__name__")):
            return True
        case ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
    return False
