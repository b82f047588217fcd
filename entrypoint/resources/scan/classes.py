"""Classes of the code: their attributes, and what they are made from."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from entrypoint.resources.scan.symbol_table import Defined, LexicalScope, has_decorator
from entrypoint.resources.scan.values import UNKNOWN, Local, Value, Values, alternatives, some

if TYPE_CHECKING:
    from entrypoint.resources.scan.evaluator import Evaluator


class Classes:
    """Reads attributes of the code's own classes and of their objects."""

    def __init__(self, follower: "Evaluator") -> None:
        self._follower = follower
        self._made_from: dict[int, list[LexicalScope]] | None = None

    def of_object(self, defined: Defined, name: str) -> Values:
        """An attribute of an object: what methods assign, the class' own, and fields."""
        assigned = [
            value
            for each in self._with_bases(defined)
            for binding in each.scope.attributes.get(name, ())
            for value in self._follower.bound(binding)
        ]
        fields, is_always_given = self._of_fields(defined, name)
        own = () if is_always_given else self.of_class(defined, name, bound=True)
        # What a class says may be said otherwise by one that is made from it, and a mixin's methods
        # use what the classes have that it is mixed into.
        heirs = tuple(
            value
            for heir in self.heirs(defined.scope)
            if heir is not defined.scope
            for binding in (*heir.attributes.get(name, ()), *heir.names.get(name, ()))
            for value in self._follower.bound(binding)
        )
        found = (*(assigned if len(assigned) == 1 else alternatives(assigned)), *fields, *own)
        return (alternatives((*found, *heirs)) if heirs else some(found)) or UNKNOWN

    def _of_fields(self, defined: Defined, name: str) -> tuple[Values, bool]:
        """What an attribute is given where a dataclass or a pydantic model is made, if always."""
        if not isinstance(defined.node, ast.ClassDef):
            return (), False
        sites = self._follower.sites
        if "__init__" in defined.scope.names:
            calls = [site for site in sites.of_super_init() if site[1].owner() is defined.scope]
            given = [sites.argument(call, scope, [name], None) for call, scope in calls]
            return tuple(value for values in given for value in values), False
        fields = [
            each.target.id
            for each in defined.node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
        position = fields.index(name) if name in fields else None
        given = [
            sites.argument(call, scope, [name], position) for call, scope in sites.of(defined.node)
        ]
        is_always_given = bool(given) and all(given)
        return tuple(value for values in given for value in values), is_always_given

    def of_class(self, defined: Defined, name: str, *, bound: bool) -> Values:
        """An attribute of a class, by the order of its bases; `bound`: read from an object."""
        for each in self._with_bases(defined):
            found: list[Value] = []
            for binding in each.scope.names.get(name, ()):
                if isinstance(binding, Defined) and has_decorator(binding.node, "property"):
                    found += self._follower.returned(binding.scope)
                elif isinstance(binding, Defined):
                    is_method = bound and not isinstance(binding.node, ast.ClassDef)
                    found.append(Local(binding, is_method))
                else:
                    found += self._follower.bound(binding)
            if found:
                return alternatives(found)
        return ()

    def _with_bases(self, defined: Defined) -> Iterator[Defined]:
        """A class of the code and those of its bases that are in the code."""
        todo, seen = [defined], set()
        while todo:
            each = todo.pop(0)
            if id(each.node) in seen or not isinstance(each.node, ast.ClassDef):
                continue
            seen.add(id(each.node))
            yield each
            for base in each.node.bases:
                outside = each.scope.parent or each.scope
                todo += [
                    v.defined for v in self._follower.values(base, outside) if isinstance(v, Local)
                ]

    def heirs(self, owner: LexicalScope) -> list[LexicalScope]:
        """A class and the classes that are made from it."""
        if self._made_from is None:
            self._made_from = defaultdict(list)
            for scope in self._follower.scopes():
                for base in self._with_bases(Defined(scope.node, scope)):  # type: ignore[arg-type]
                    self._made_from[id(base.scope)].append(scope)
        return self._made_from[id(owner)]
