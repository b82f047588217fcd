"""Finds what each call of the code uses: by its signs, and by the table of known calls."""

import ast
import itertools
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from entrypoint.resources.addresses import SQL, Reference
from entrypoint.resources.placeholder import is_likely
from entrypoint.resources.resource import Use
from entrypoint.resources.scan.arguments import Found
from entrypoint.resources.scan.call_sites import Argument
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.known_calls import (
    CALLS_ANOTHER,
    KNOWN_CALLS,
    SAME_CLIENT,
    KnownCall,
    is_path_of,
)
from entrypoint.resources.scan.scopes import LexicalScope
from entrypoint.resources.scan.signs import Signs
from entrypoint.resources.scan.user_access import UserAccess
from entrypoint.resources.scan.values import (
    UNKNOWN_PART,
    CallResult,
    ContainerLiteral,
    Nothing,
    Symbol,
    Text,
    Unknown,
)

# What texts, lists and loggers do with an address, which is no use of it.
_NO_REQUEST = {*dir(str), *dir(list), *dir(logging.Logger)}


class UseFinder:
    """Looks at each call of the code."""

    def __init__(self, evaluator: Evaluator, access: UserAccess, workspace: str) -> None:
        self._evaluator = evaluator
        self._access = access
        self._signs = Signs(evaluator, workspace)
        self._by_last_name: dict[str, list[KnownCall]] = defaultdict(list)
        for known in KNOWN_CALLS:
            self._by_last_name[_last_name(known.call)].append(known)

    def uses(self) -> Iterator[Use]:
        """Every use; one in code that nothing calls is not certain."""
        for scope in self._evaluator.scopes:
            for call in scope.calls:
                for use in dict.fromkeys(self._uses(call, scope)):
                    yield replace(use, certain=use.certain and scope not in self._evaluator.idle)

    def knows(self, path: str) -> bool:
        """Whether a call is in the table."""
        return any(True for _ in self._known(path))

    def _known(self, path: str) -> Iterator[KnownCall]:
        known_calls = (*self._by_last_name.get(_last_name(path), ()), *self._by_last_name["*"])
        return (known for known in known_calls if is_path_of(path, known.packages, known.call))

    def _uses(self, call: ast.Call, scope: LexicalScope) -> Iterator[Use]:
        called = self._evaluator.values(call.func, scope)
        for value in called:
            if isinstance(value, Symbol):
                if value.path in CALLS_ANOTHER and call.args:
                    another = ast.Call(call.args[0], call.args[1:], call.keywords)
                    yield from self._uses(ast.copy_location(another, call), scope)
                path = SAME_CLIENT.sub("", value.path)
                made = CallResult(path, call, scope, value.of)
                found = itertools.chain(self._by_table(made), self._signs.found(made))
                yield from self._as_uses(found, made, certain=len(called) == 1)
            elif isinstance(value, Unknown):
                made = CallResult(_written(call.func), call, scope)
                if _last_name(made.path) not in _NO_REQUEST:
                    yield from self._as_uses(self._signs.addressed(made), made, certain=False)

    def _as_uses(self, by: Iterable[Found], made: CallResult, *, certain: bool) -> Iterator[Use]:
        found: dict[Reference, bool] = {}
        for reference, is_certain in by:
            found[reference] = found.get(reference, False) or is_certain
        if not found:
            return
        access = self._access.of(made.call, made.scope, made.of)
        place = made.scope.module.place_of(made.call)
        for reference, is_certain in found.items():
            name = reference.name
            if name and (UNKNOWN_PART in name or is_likely(name) or _is_open(reference)):
                name = None
            # A warehouse that runs it for the user needs nothing but its own scope.
            for on_behalf in sorted(access if reference.by != SQL else access - {True}):
                yield Use(
                    reference.kind,
                    name or None,
                    f"{_shown(made.path)}(...)",
                    "code",
                    place,
                    on_behalf,
                    reference.over_mcp,
                    certain and is_certain and len(access) == 1,
                )

    def _by_table(self, made: CallResult) -> Iterator[Found]:
        for known in self._known(made.path):
            if self._is_of_other_workspace(made.of):
                return
            for text in self._texts(known, made):
                # A name that isn't known may be one for another row of the table.
                if reference := known.reference_of(text.text):
                    yield reference, text.certain

    def _is_of_other_workspace(self, client: CallResult | None) -> bool:
        """Whether a client was made for another workspace, which is what it uses then."""
        while client and not any(
            reference.kind == "workspace" for reference, _ in self._signs.addressed(client)
        ):
            client = client.of
        return client is not None

    def _texts(self, known: KnownCall, made: CallResult) -> Iterator[Text]:
        """The texts that name what is used; nothing when the arguments aren't given."""
        if not known.arguments:
            yield Text(UNKNOWN_PART)
        given = [list(self._given(each, made)) for each in known.arguments]
        if not any(given):
            return
        for texts in itertools.product(*(each or [Text("*")] for each in given)):
            name = known.template.format(*(text.text for text in texts))
            yield Text(name, all(text.certain for text in texts))

    def _given(self, argument: Argument, made: CallResult) -> Iterator[Text]:
        """What an argument names: itself, or each of its elements."""
        containers = self._evaluator.containers
        if argument.names == ("*",):
            values = [v for each in made.call.args for v in containers.element(each, made.scope)]
        else:
            values = list(self._evaluator.call_sites.argument(argument, made.call, made.scope))
        for value in values:
            names = containers.inside(value) if isinstance(value, ContainerLiteral) else (value,)
            for each in names:
                if not isinstance(each, Nothing):
                    yield each if isinstance(each, Text) else Text(UNKNOWN_PART)


def _is_open(reference: Reference) -> bool:
    """Whether the name stands for many; of functions a whole schema has a name of its own."""
    name = reference.name or ""
    return name.endswith("*") and (reference.kind, name.count(".")) != ("function", 2)


def _last_name(path: str) -> str:
    return path.rpartition(".")[2]


def _written(node: ast.expr) -> str:
    """The end of what is called, as it is written: `session.post`."""
    match node:
        case ast.Attribute(ast.Name(of) | ast.Attribute(attr=of), name):
            return f"{of}.{name}"
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return "a call"


def _shown(path: str) -> str:
    """What is called, for a sentence: from its class on, or with the module's name."""
    shown = re.sub(r"^(?:[a-z_]\w*\.)+(?=[A-Z])", "", path)
    return re.sub(r"^(?:\w+\.)+(?=\w+\.\w+$)", "", shown).replace("()", "(...)")
