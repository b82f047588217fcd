"""Finds the known calls in the code, and what each of them uses."""

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from entrypoint.resources.placeholder import is_likely
from entrypoint.resources.resource import Use
from entrypoint.resources.scan.call_sites import Argument, Site
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.known_calls import (
    CALLS_ANOTHER,
    KNOWN_CALLS,
    OPENAI_CLIENTS,
    SAME_CLIENT,
    Condition,
    KnownCall,
)
from entrypoint.resources.scan.reachability import unreached
from entrypoint.resources.scan.scopes import LexicalScope
from entrypoint.resources.scan.user_access import UserAccess
from entrypoint.resources.scan.values import (
    UNKNOWN,
    UNKNOWN_PART,
    CallResult,
    Symbol,
    Text,
    Value,
    Values,
)


class UseFinder:
    """Looks each call of the code up in the table of known calls."""

    def __init__(self, evaluator: Evaluator, access: UserAccess) -> None:
        self._evaluator = evaluator
        self._access = access
        self._by_last_name: dict[str, list[KnownCall]] = defaultdict(list)
        for known in KNOWN_CALLS:
            self._by_last_name[_last_name(known.call)].append(known)

    def uses(self) -> Iterator[Use]:
        """Every use; one in code that nothing calls is not certain."""
        idle = unreached(self._evaluator.modules.values())
        for scope in self._evaluator.scopes:
            for call in scope.calls:
                if self._may_be_known(call.func):
                    for use in dict.fromkeys(self._uses(call, scope)):
                        yield replace(use, certain=use.certain and scope not in idle)

    def knows(self, path: str) -> bool:
        """Whether a call is in the table."""
        return any(True for _ in self._known(path))

    def _may_be_known(self, called: ast.expr) -> bool:
        """Whether following it can lead to a known call: a name may stand for any function."""
        return not isinstance(called, ast.Attribute) or called.attr in self._by_last_name

    def _known(self, path: str) -> Iterator[KnownCall]:
        path = SAME_CLIENT.sub("", path)
        known_calls = self._by_last_name.get(_last_name(path), ())
        return (known for known in known_calls if _is_path_of(path, known.packages, known.call))

    def _uses(self, call: ast.Call, scope: LexicalScope) -> Iterator[Use]:
        called = self._evaluator.values(call.func, scope)
        for value in called:
            if not isinstance(value, Symbol):
                continue
            if value.path in CALLS_ANOTHER and call.args:
                another = ast.Call(call.args[0], call.args[1:], call.keywords)
                yield from self._uses(ast.copy_location(another, call), scope)
            for known in self._known(value.path):
                if self._holds(known.condition, call, scope, value.of):
                    for use in self._uses_of(known, value, call, scope):
                        yield replace(use, certain=use.certain and len(called) == 1)

    def _uses_of(
        self, known: KnownCall, called: Symbol, call: ast.Call, scope: LexicalScope
    ) -> Iterator[Use]:
        by = f"{_shown(known, called.path)}(...)"
        access = self._access.of(call, scope, called.of)
        place = scope.module.place_of(call)
        for value in self._names(known, call, scope):
            # A name that isn't known may be one for another row of the table.
            found = known.resource_of(value.text if isinstance(value, Text) else UNKNOWN_PART)
            if found is None:
                continue
            kind, name = found
            if name and (
                UNKNOWN_PART in name
                or is_likely(name)
                or (name.endswith("*") and (kind, name.count(".")) != ("function", 2))
            ):
                name = None
            certain = len(access) == 1 and (not isinstance(value, Text) or value.certain)
            for on_behalf in sorted(access):
                yield Use(kind, name or None, by, "code", place, on_behalf, known.over_mcp, certain)

    def _names(self, known: KnownCall, call: ast.Call, scope: LexicalScope) -> Iterable[Value]:
        """The values that name what is used; nothing when the argument isn't given."""
        containers = self._evaluator.containers
        if known.how == "all":
            return (v for each in call.args for v in containers.element(each, scope))
        values = self._evaluator.call_sites.argument(known.argument, call, scope)
        match known.how:
            case "levels":
                return self._full_name(values, call, scope)
            case "each":
                return (each for value in values for each in containers.inside(value))
            case "within":
                return containers.within(values, ("url", "server_url"))
        return values

    def _full_name(self, name: Values, call: ast.Call, scope: LexicalScope) -> Values:
        """The name with the catalog and the schema, which the call is given first."""
        arguments = (Argument(("catalog",), 0), Argument(("schema",), 1))
        given = [self._evaluator.call_sites.argument(each, call, scope) for each in arguments]
        levels = (*given, name or UNKNOWN)
        if any(len(each) > 1 for each in levels):
            return UNKNOWN
        texts = (each[0].text if isinstance(each[0], Text) else UNKNOWN_PART for each in levels)
        return (Text(".".join(texts)),)

    def _holds(
        self,
        condition: Condition | None,
        call: ast.Call,
        scope: LexicalScope,
        client: CallResult | None,
    ) -> bool:
        """Whether a condition holds for the call, or for what its client was made with."""
        if condition is None:
            return True
        sites = (
            [(call, scope)] if not condition.of_call else list(self._calls_of(condition.of_call))
        )
        while client:
            sites.append((client.call, client.scope))
            client = client.of
        given = itertools.chain(
            *(self._evaluator.call_sites.argument(condition.argument, *site) for site in sites)
        )
        if not condition.pattern:
            return any(map(self._is_databricks_client, given))
        return any(
            isinstance(value, Text) and re.search(condition.pattern, value.text) for value in given
        )

    def _calls_of(self, path: str) -> Iterator[Site]:
        for scope in self._evaluator.scopes:
            for call in scope.calls:
                if Symbol(path) in self._evaluator.values(call.func, scope):
                    yield call, scope

    def _is_databricks_client(self, value: Value) -> bool:
        """Whether it is a client of OpenAI's protocol that asks Databricks."""
        return isinstance(value, CallResult) and any(
            _is_path_of(value.path, packages, name)
            and self._holds(condition, value.call, value.scope, None)
            for packages, name, condition in OPENAI_CLIENTS
        )


def _last_name(path: str) -> str:
    return path.rpartition(".")[2]


def _is_path_of(path: str, packages: Iterable[str], call: str) -> bool:
    return f".{path}".endswith(f".{call}") and any(
        path.startswith(f"{package}.") for package in packages
    )


def _shown(known: KnownCall, path: str) -> str:
    """What is called, for a sentence: a function's name alone would say little."""
    if known.call.islower() and "(" not in path:
        return path
    return known.call.replace("()", "(...)")
