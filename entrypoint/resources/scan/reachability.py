"""Functions and classes that no code which runs refers to."""

import itertools
from collections import defaultdict
from collections.abc import Iterable

from entrypoint.resources.scan.scopes import LexicalScope


def unreached(modules: Iterable[LexicalScope]) -> set[LexicalScope]:
    """The scopes of the modules' functions and classes whose names no code that runs mentions.

    Names are matched without regard to scopes, so that what is unreached certainly is. What has a
    decorator, which may register it, counts as reached.
    """
    definitions: dict[str, list[LexicalScope]] = defaultdict(list)
    todo: list[Iterable[LexicalScope]] = []
    for module in modules:
        todo.append([module])
        for scope in module.children:
            if scope.name and not getattr(scope.node, "decorator_list", ()):
                definitions[scope.name].append(scope)
            else:
                todo.append(scope.within())
    while todo:
        for scope in todo.pop():
            for name in scope.mentions & definitions.keys():
                todo += [each.within() for each in definitions.pop(name)]
    return {scope for each in itertools.chain(*definitions.values()) for scope in each.within()}
