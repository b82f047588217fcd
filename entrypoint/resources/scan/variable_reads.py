"""Finds the environment variables that the code reads, and those that it can do without."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from entrypoint.resources.scan.call_sites import Argument
from entrypoint.resources.scan.environment import ENVIRON, READERS
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.fallbacks import Fallbacks
from entrypoint.resources.scan.modules import position
from entrypoint.resources.scan.scopes import LexicalScope, Parameter
from entrypoint.resources.scan.settings_classes import SettingsClasses
from entrypoint.resources.scan.values import Symbol, Text
from entrypoint.resources.variables import VariableRead

# What the text of a module has in it that reads a variable.
_SIGNS = ("environ", "getenv", "BaseSettings")
_LAST_NAMES = {"update", *(path.rpartition(".")[2] for path in READERS)}


class VariableReads:
    """Looks at each subscript, comparison and call of the code that runs."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._fallbacks = Fallbacks(scope.node for scope in evaluator.modules.values())
        self._handled: set[str] = set()
        """Names that the code sets by itself, or asks for before it reads them."""

    def find(self) -> tuple[VariableRead, ...]:
        """Each variable once, at its first place; it has a default where every read has one."""
        found: dict[str, VariableRead] = {}
        for read in sorted(self._reads(), key=lambda read: position(read.place)):
            first = found.setdefault(read.name, read)
            found[read.name] = replace(first, has_default=first.has_default and read.has_default)
        return tuple(
            replace(read, has_default=read.has_default or read.name in self._handled)
            for read in found.values()
        )

    def _reads(self) -> Iterator[VariableRead]:
        modules = self._evaluator.modules.values()
        if not any(sign in scope.module.text for scope in modules for sign in _SIGNS):
            return
        settings = SettingsClasses(self._evaluator)
        for scope in self._evaluator.scopes:
            if scope in self._evaluator.idle:
                continue
            for call in scope.calls:
                yield from self._of_call(call, scope)
            for node in scope.lookups:
                yield from self._of_lookup(node, scope)
            yield from settings.reads(scope)

    def _of_call(self, call: ast.Call, scope: LexicalScope) -> Iterator[VariableRead]:
        # A name may stand for any function.
        if getattr(call.func, "attr", "update") not in _LAST_NAMES:
            return
        for called in self._evaluator.values(call.func, scope):
            match called:
                case Symbol(path) if path in READERS:
                    yield from self._of_reader(path, call, scope)
                case Symbol("os.environ.update"):
                    self._handled |= self._updated(call, scope)

    def _of_reader(self, path: str, call: ast.Call, scope: LexicalScope) -> Iterable[VariableRead]:
        match [scope.look_up(each.id)[0] for each in call.args if isinstance(each, ast.Name)]:
            case [[Parameter() as name], [Parameter(default=ast.Constant(None)) as default]]:
                return self._of_own_reader(name, default)
        environment = self._evaluator.environment
        names = list(environment.names(call, scope))
        has_default = (
            bool(environment.default(call, scope))
            or (path == "os.environ.pop" and len(call.args) > 1)
            or self._fallbacks.may_be_none(call)
        )
        if path == "os.environ.setdefault" or self._fallbacks.decides(call):
            self._handled |= {name.text for name in names}
        return _reads_of(names, call, scope, has_default=has_default)

    def _of_own_reader(self, name: Parameter, default: Parameter) -> Iterator[VariableRead]:
        """What is read by the calls of a function such as `def setting(name, default=None)`."""
        sites = self._evaluator.call_sites
        for call, scope in sites.of(name.function):
            given = sites.argument(Argument((name.name,), name.position), call, scope)
            defaults = sites.argument(Argument((default.name,), default.position), call, scope)
            names = (value for value in given if isinstance(value, Text) and value.is_known)
            yield from _reads_of(names, call, scope, has_default=bool(defaults))

    def _of_lookup(
        self, node: ast.Subscript | ast.Compare, scope: LexicalScope
    ) -> Iterable[VariableRead]:
        match node:
            case ast.Subscript(of, key, ast.Load()) if self._is_environ(of, scope):
                has_default = self._fallbacks.may_fail(node)
                return _reads_of(self._texts(key, scope), node, scope, has_default=has_default)
            case ast.Subscript(of, key, ast.Store()) if self._is_environ(of, scope):
                self._handled |= {
                    name.text
                    for name in self._texts(key, scope)
                    if not self._fallbacks.mentions(node, name.text)
                }
            case ast.Compare(key, [ast.In() | ast.NotIn()], [of]) if self._is_environ(of, scope):
                names = self._texts(key, scope)
                has_default = not self._fallbacks.must_hold(node)
                self._handled |= {name.text for name in names if has_default}
                return _reads_of(names, node, scope, has_default=has_default)
        return ()

    def _updated(self, call: ast.Call, scope: LexicalScope) -> set[str]:
        """The names that `os.environ.update(...)` sets."""
        inside = self._evaluator.containers.inside
        held = (value for each in call.args for value in self._evaluator.values(each, scope))
        keys = {key.text for of in held for key in inside(of) if isinstance(key, Text)}
        return keys | {each.arg for each in call.keywords if each.arg}

    def _is_environ(self, node: ast.expr, scope: LexicalScope) -> bool:
        return ENVIRON in self._evaluator.values(node, scope)

    def _texts(self, node: ast.expr, scope: LexicalScope) -> list[Text]:
        values = self._evaluator.values(node, scope)
        return [value for value in values if isinstance(value, Text) and value.is_known]


def _reads_of(
    names: Iterable[Text], node: ast.expr, scope: LexicalScope, *, has_default: bool
) -> Iterator[VariableRead]:
    place = scope.module.place_of(node)
    return (VariableRead(name.text, place, has_default) for name in names)
