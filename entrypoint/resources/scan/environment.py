"""The environment's variables in the code: what reads them, and the values that the step gives."""

import ast
from collections.abc import Iterator, Mapping

from entrypoint.resources.scan.call_sites import Argument, CallSites
from entrypoint.resources.scan.scopes import LexicalScope
from entrypoint.resources.scan.values import (
    UNKNOWN,
    CallResult,
    Nothing,
    Symbol,
    Text,
    Value,
    Values,
    alternatives,
    uncertain,
)

ENVIRON = Symbol("os.environ")
READERS = {"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"}
"""The functions that give a variable's value, or their second argument where it isn't set."""
# The workspace's own address, which every endpoint has: a default for it is never used.
_ALWAYS_SET = "DATABRICKS_HOST"
_NAME = Argument(("key",), 0)
_DEFAULT = Argument(("default", "value"), 1)


class Environment:
    """Knows the variables that the step gives, `given`."""

    def __init__(self, given: Mapping[str, str], call_sites: CallSites) -> None:
        self._given = given
        self._call_sites = call_sites

    def variable(self, name: Value) -> Values:
        """The value of `os.environ[name]`."""
        if isinstance(name, Text) and name.text in self._given:
            return (Text(self._given[name.text], name.certain),)
        return UNKNOWN

    def of_call(self, call: ast.Call, scope: LexicalScope) -> Values:
        """What a call of a reader gives: the step's value first, and what else it may be.

        Nothing where the code alone doesn't tell it. A default alone isn't certain either, for the
        endpoint may have the variable.
        """
        names = list(self.names(call, scope))
        if any(name.text == _ALWAYS_SET for name in names):
            return UNKNOWN
        given = [
            value for name in names if name.text in self._given for value in self.variable(name)
        ]
        default = self.default(call, scope)
        found = alternatives((*given, *default))
        return uncertain(found) if default or len(given) < len(names) else found

    def names(self, call: ast.Call, scope: LexicalScope) -> Iterator[Text]:
        """The names that a reader may be called with, as far as they are known."""
        for value in self._call_sites.argument(_NAME, call, scope):
            if isinstance(value, Text) and value.is_known:
                yield value

    def default(self, call: ast.Call, scope: LexicalScope) -> Values:
        """What a reader is given for a variable that isn't set; nothing for None."""
        given = self._call_sites.argument(_DEFAULT, call, scope)
        return tuple(value for value in given if not isinstance(value, Nothing))


def is_unset(value: Value) -> bool:
    """Whether it may be None, but needn't: of a variable that the step doesn't give, for one."""
    is_read = isinstance(value, CallResult) and value.path in READERS
    return is_read or value == Nothing(certain=False)
