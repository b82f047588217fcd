"""What the names of the code stand for: by their bindings, and by imports."""

import ast
from collections.abc import Mapping

from entrypoint.resources.scan.call_sites import CallSites
from entrypoint.resources.scan.containers import Containers
from entrypoint.resources.scan.scopes import (
    Assigned,
    Binding,
    Defined,
    Imported,
    Keywords,
    LexicalScope,
    Parameter,
    Receiver,
)
from entrypoint.resources.scan.values import (
    NOTHING,
    UNKNOWN,
    ContainerLiteral,
    Evaluation,
    Instance,
    Symbol,
    Unknown,
    Values,
    alternatives,
    distinct,
    uncertain,
)


class Names:
    """Follows a name to all that it is bound to, in its module or in another."""

    def __init__(
        self,
        evaluation: Evaluation,
        modules: Mapping[str, LexicalScope],
        containers: Containers,
        call_sites: CallSites,
    ) -> None:
        self._evaluation = evaluation
        self._modules = modules
        self._containers = containers
        self._call_sites = call_sites

    def look_up(self, name: str, scope: LexicalScope) -> Values:
        """All values of a name that is read in a scope."""
        bindings, owner = scope.look_up(name)
        if bindings:
            return self._of_bindings(bindings, owner, name)
        return self._starred(owner, name) or (Symbol(f"builtins.{name}"),)

    def bound(self, binding: Binding) -> Values:
        """All values that a name may have by one of its bindings."""
        once = self._evaluation.once
        match binding:
            case Assigned():
                return self._assigned(binding)
            case Imported(path):
                return self.imported(path)
            case Defined():
                return (binding,)
            case Receiver(defined, is_class):
                return (defined if is_class else Instance(defined),)
            case Parameter():
                return once(binding, lambda: self._call_sites.parameter(binding)) or ()
            case Keywords(function):
                return once(binding, lambda: self._call_sites.keywords(function)) or ()

    def imported(self, path: str) -> Values:
        """What a dotted path stands for: something of the modules here, or a symbol."""
        module, names = path, list[str]()
        while module and module not in self._modules:
            module, _, name = module.rpartition(".")
            names.insert(0, name)
        if not module or not names:
            return (Symbol(path),)
        scope = self._modules[module]
        found = self._evaluation.once(path, lambda: self._of_module(scope, names[0])) or ()
        for name in names[1:]:
            found = tuple(v for of in found for v in self._evaluation.attribute(of, name))
        return found or UNKNOWN

    def _of_module(self, scope: LexicalScope, name: str) -> Values:
        if name in scope.names:
            return self._of_bindings(scope.names[name], scope, name)
        return self._starred(scope, name)

    def _starred(self, owner: LexicalScope, name: str) -> Values:
        """What the paths of `import *` lead to, as far as they lead anywhere."""
        found = [value for module in owner.stars for value in self.imported(f"{module}.{name}")]
        return tuple(value for value in found if not isinstance(value, Unknown))

    def _of_bindings(self, bindings: list[Binding], owner: LexicalScope, name: str) -> Values:
        """The values of all of a name's bindings, with what `append` and its like add to a list."""
        grown = [value for each in owner.grown.get(name, ()) for value in self.bound(each)]
        found = (*alternatives(v for each in bindings for v in self.bound(each)), *grown)
        dicts = (of for of in found if grown and isinstance(getattr(of, "node", None), ast.Dict))
        keys = [key for of in dicts for key in self._containers.inside(of)]
        # Of a key that is set more than once, or that may be any, it isn't known which one counts.
        return found if len(set(keys)) == len(keys) and UNKNOWN[0] not in keys else uncertain(found)

    def _assigned(self, binding: Assigned) -> Values:
        found = self._evaluation.values(binding.node, binding.scope)
        if binding.element:
            held = distinct(value for of in found for value in self._containers.inside(of))
            is_empty = all(isinstance(of, ContainerLiteral) and of.is_empty for of in found)
            found = held or (NOTHING if found and is_empty else ())
        if binding.item is not None:
            item = binding.item
            found = tuple(value for of in found for value in self._containers.item(of, item))
        # What is None at first may be set from elsewhere.
        return uncertain(found) if found == NOTHING else found
