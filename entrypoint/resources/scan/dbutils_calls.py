"""Calls of `dbutils`, which notebooks have and serving hasn't."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from entrypoint.resources.scan.call_sites import Argument
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.values import Symbol, Text
from entrypoint.runtime.errors import Place

# One that is imported from an SDK, or made by it, is another path.
_PATH = re.compile(r"(?:builtins\.)?dbutils\.(?P<name>\w+(?:\.\w+)*).*")
# It gives nothing back and is wanted in a notebook alone.
_WITHOUT_RESULT = "library"
_SCOPE, _KEY = Argument(("scope",), 0), Argument(("key",), 1)


@dataclass(frozen=True)
class DbutilsCall:
    """One call, `secrets.get` for example; of a secret its `scope` and `key`, where known."""

    name: str
    place: Place | None
    scope: str = ""
    key: str = ""

    @property
    def part(self) -> str:
        """The part of `dbutils` that is called: `secrets`, `widgets`, `fs`, ..."""
        return self.name.partition(".")[0]


def calls(evaluator: Evaluator) -> Iterator[DbutilsCall]:
    """Every call, but of `dbutils.library`."""
    for scope in evaluator.scopes:
        for call in scope.calls if "dbutils" in scope.module.text else ():
            for value in evaluator.values(call.func, scope):
                found = _PATH.fullmatch(value.path) if isinstance(value, Symbol) else None
                if found and not found["name"].startswith(_WITHOUT_RESULT):
                    names = (
                        _known(evaluator.call_sites.argument(each, call, scope))
                        for each in (_SCOPE, _KEY)
                    )
                    yield DbutilsCall(found["name"], scope.module.place_of(call), *names)


def _known(values: tuple[object, ...]) -> str:
    match values:
        case (Text() as only,) if only.is_known:
            return only.text
    return ""
