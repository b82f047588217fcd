"""What a call is given: its arguments, with what stands inside of them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from entrypoint.resources.addresses import Reference
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.scopes import LexicalScope
from entrypoint.resources.scan.values import (
    CallResult,
    ContainerLiteral,
    Nothing,
    Text,
    Value,
    Values,
    as_certain_as,
)

# What is found, and whether the code leaves no choice.
Found = tuple[Reference, bool]
# Of lists and dictionaries: `model_list=[{"litellm_params": {"model": ...}}]`.
_MAX_NESTED_LEVELS = 3
# Of a call, and of a dictionary: no agent gives more.
_MAX_GIVEN = 1_000
_MAX_ENTRIES = 200
# What is given to be read, shown or sent along: a name or an address in it is not asked.
_TOLD = re.compile(
    r"\w*(?:attributes|content|default_query|description|details?|extra_body|headers|input"
    r"|instructions?|messages?|metadata|prompt|properties|tags|text)"
)


@dataclass(frozen=True)
class Given:
    """A value, with the name of the argument, or the key in a dictionary, that holds it.

    `position`: of an argument without a name. `is_inside`: it stands in another one.
    """

    value: Value
    name: str
    position: int | None = None
    is_inside: bool = False

    @property
    def text(self) -> Text | None:
        """The value, if it is a text."""
        return self.value if isinstance(self.value, Text) else None

    @property
    def made(self) -> CallResult | None:
        """The value, if a call made it: a client, a provider."""
        return self.value if isinstance(self.value, CallResult) else None


class Arguments:
    """Reads the arguments of calls, each once."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._values = evaluator.values
        self._inside = evaluator.containers.inside
        self._known: dict[ast.Call, tuple[Given, ...]] = {}

    def of(self, call: CallResult) -> tuple[Given, ...]:
        """All that a call is given."""
        if call.call not in self._known:
            found = dict.fromkeys(islice(self._of(call.call, call.scope), _MAX_GIVEN))
            given = tuple(each for each in found if not isinstance(each.value, Nothing))
            self._known[call.call] = given
        return self._known[call.call]

    def _of(self, call: ast.Call, scope: LexicalScope) -> Iterator[Given]:
        for position, node in enumerate(call.args):
            for value in self._values(node, scope):
                yield Given(value, "", position)
                yield from self._held(value, "", 0)
        for keyword in call.keywords:
            for value in self._values(keyword.value, scope):
                if keyword.arg and _TOLD.fullmatch(keyword.arg):
                    continue
                if keyword.arg:
                    yield Given(value, keyword.arg)
                # What `**options` holds are arguments of the call itself.
                yield from self._held(value, keyword.arg or "", 0 if keyword.arg else -1)

    def _held(self, value: Value, name: str, level: int) -> Iterator[Given]:
        """What a list or a dictionary holds, and what these hold."""
        if level >= _MAX_NESTED_LEVELS or not isinstance(value, ContainerLiteral):
            return
        for key, values in self._entries(value, name, level).items():
            for held in values if not _TOLD.fullmatch(key) else ():
                yield Given(held, key, is_inside=level >= 0)
                yield from self._held(held, key, level + 1)

    def _entries(self, of: ContainerLiteral, name: str, level: int) -> dict[str, Values]:
        """What a container holds by its keys, of which the last counts; a list by its own name."""
        if isinstance(of.node, ast.DictComp):
            return {"": as_certain_as(of, self._values(of.node.value, of.scope))}
        if not isinstance(of.node, ast.Dict):
            return {name: self._inside(of)}
        found: dict[str, Values] = {}
        entries = list(zip(of.node.keys, of.node.values, strict=True))
        for key, node in entries[-_MAX_ENTRIES:]:
            values = as_certain_as(of, self._values(node, of.scope))
            if key is None:  # `**another`
                for each in values if level < _MAX_NESTED_LEVELS else ():
                    if isinstance(each, ContainerLiteral):
                        found |= self._entries(each, name, level + 1)
                continue
            keys = [each.text for each in self._values(key, of.scope) if isinstance(each, Text)]
            found |= dict.fromkeys(keys, values) if keys else {"": (*found.get("", ()), *values)}
        return found
