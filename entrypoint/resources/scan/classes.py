"""Classes of the code: their attributes, and what they are made with."""

import ast
from collections.abc import Iterable, Iterator

from entrypoint.resources.scan.call_sites import Argument, CallSites
from entrypoint.resources.scan.names import Names
from entrypoint.resources.scan.scopes import Defined, LexicalScope, has_decorator
from entrypoint.resources.scan.values import (
    UNKNOWN,
    CallResult,
    Evaluation,
    Symbol,
    Value,
    Values,
    alternatives,
    distinct,
    uncertain,
)

# What describes a field of a class, with its default.
_FIELDS = ("dataclasses.field", "pydantic.Field", "pydantic.v1.Field", "attrs.field", "attr.ib")
_DEFAULT = Argument(("default",), 0)
_FACTORY = Argument(("default_factory", "factory"))


class Classes:
    """Reads attributes of the code's own classes and of their objects."""

    def __init__(
        self,
        evaluation: Evaluation,
        names: Names,
        call_sites: CallSites,
        scopes: Iterable[LexicalScope],
    ) -> None:
        self._evaluation = evaluation
        self._names = names
        self._call_sites = call_sites
        self._base_names: set[str] = set()
        self._set_in_subclasses: set[str] = set()
        for scope in scopes:
            if isinstance(scope.node, ast.ClassDef) and scope.node.bases:
                self._base_names |= {_last_name(base) for base in scope.node.bases}
                self._set_in_subclasses |= {*scope.names, *scope.attributes}

    def of_object(self, defined: Defined, name: str) -> Values:
        """An attribute of an object: what methods assign, the class' own, and fields."""
        assigned = alternatives(
            value
            for each in self._with_bases(defined)
            for binding in each.scope.attributes.get(name, ())
            for value in self._names.bound(binding)
        )
        fields, is_always_given = self._of_fields(defined, name)
        own = () if is_always_given else self.of_class(defined, name)
        found = distinct((*assigned, *fields, *own)) or UNKNOWN
        # The object may be a subclass', which isn't followed.
        may_differ = defined.scope.name in self._base_names and name in self._set_in_subclasses
        return uncertain(found) if may_differ or self._reads_variables(defined) else found

    def _reads_variables(self, defined: Defined) -> bool:
        """Whether variables of the environment may set its fields, as those of BaseSettings."""
        return any(
            isinstance(value, Symbol) and value.path.endswith(".BaseSettings")
            for each in self._with_bases(defined)
            for base in getattr(each.node, "bases", ())
            for value in self._evaluation.values(base, each.scope.parent or each.scope)
        )

    def _of_fields(self, defined: Defined, name: str) -> tuple[Values, bool]:
        """The values of a field in the calls of the class, and whether each call gives one."""
        if not isinstance(defined.node, ast.ClassDef) or "__init__" in defined.scope.names:
            return (), False
        fields = [
            each.target.id
            for each in defined.node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
        argument = Argument((name,), fields.index(name) if name in fields else None)
        given = [
            self._call_sites.argument(argument, *site) for site in self._call_sites.of(defined)
        ]
        return tuple(value for values in given for value in values), bool(given) and all(given)

    def of_class(self, defined: Defined, name: str) -> Values:
        """An attribute of a class, by the order of its bases."""
        for each in self._with_bases(defined):
            found = [
                value
                for binding in each.scope.names.get(name, ())
                for value in (
                    self._evaluation.returned(binding.scope)
                    if isinstance(binding, Defined)
                    and has_decorator(binding.node, "property", "cached_property")
                    else self._defaults(self._names.bound(binding))
                )
            ]
            if found:
                return alternatives(found)
        return ()

    def _defaults(self, values: Values) -> Iterator[Value]:
        """The values, and for a field's description the default that it gives."""
        for value in values:
            if not (isinstance(value, CallResult) and value.path in _FIELDS):
                yield value
                continue
            call, scope = value.call, value.scope
            yield from self._call_sites.argument(_DEFAULT, call, scope)
            for make in self._call_sites.argument(_FACTORY, call, scope):
                yield from self._evaluation.called(make, ast.Call(call.func, [], []), scope)

    def _with_bases(self, defined: Defined) -> Iterator[Defined]:
        """A class of the code and those of its bases that are in the code."""
        todo, seen = [defined], set[Defined]()
        while todo:
            each = todo.pop(0)
            if each in seen or not isinstance(each.node, ast.ClassDef):
                continue
            seen.add(each)
            yield each
            for base in each.node.bases:
                values = self._evaluation.values(base, each.scope.parent or each.scope)
                todo += [value for value in values if isinstance(value, Defined)]


def _last_name(node: ast.expr) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))
