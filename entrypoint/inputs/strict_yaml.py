"""YAML read strictly: what PyYAML would take in silence, or would never finish, is an error.

That is a key that a mapping has twice, a number too long to be written out again, and aliases that
make of a small text what no memory holds.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import yaml

_MAX_DIGITS = 1_000
_CHARACTERS_PER_VALUE = 64
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class Bounds:
    """How much a YAML text may stand for, with its aliases written out.

    `values` counts keys and values, and one more for every 64 characters of a text; `levels` is how
    deep they may be nested.
    """

    values: int
    levels: int = 100


class TooMuch(yaml.MarkedYAMLError):
    """It is YAML, and more of it than anybody writes."""

    def __init__(self, said: str, at: yaml.Node | yaml.Event) -> None:
        super().__init__(problem=said, problem_mark=at.start_mark)  # type: ignore[arg-type]


class StrictConstructor(yaml.constructor.SafeConstructor):
    """Makes Python's values of YAML's; to be combined with one of PyYAML's safe loaders."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """Make a `dict`, unless a key is given twice."""
        self.check_keys(node)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> float:
        """Make an `int` or a `float`; Python writes out no number of thousands of digits."""
        if len(node.value) > _MAX_DIGITS:
            raise TooMuch("a number has too many digits", node)
        if node.tag.endswith(":int"):
            return self.construct_yaml_int(node)
        return self.construct_yaml_float(node)

    def check_keys(self, node: yaml.MappingNode) -> None:
        """Refuse a key that is given twice, before `<<` is filled in, which a key may override."""
        seen: set[Hashable] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            value = key.value if key.tag == _MERGE else self.construct_object(key)
            if value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"`{key.value}` is given twice", key.start_mark
                )
            seen.add(value)


for _kind in ("int", "float"):
    StrictConstructor.add_constructor(  # type: ignore[type-var]
        f"tag:yaml.org,2002:{_kind}", StrictConstructor.construct_number
    )


def check_size(
    text: str | bytes, loader: type[yaml.SafeLoader | yaml.CSafeLoader], bounds: Bounds
) -> None:
    """Count what a text stands for, before any of it is made.

    Raises:
        TooMuch: it is more than the bounds allow, or has no end.
        yaml.YAMLError: it is not YAML.

    """
    size = _Size(bounds)
    for event in yaml.parse(text, loader):
        size.add(event)


@dataclass
class _Node:
    """What a value stands for: itself and all that is in it."""

    anchor: str | None
    values: int = 1
    levels: int = 1


class _Size:
    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._values = 0
        self._open: list[_Node] = []
        self._anchored: dict[str, _Node] = {}

    def add(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionStartEvent):
            node = _Node(event.anchor)
            self._count(node, event)
            self._open.append(node)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(self._open.pop())
        elif isinstance(event, yaml.ScalarEvent):
            node = _Node(event.anchor, 1 + len(event.value) // _CHARACTERS_PER_VALUE)
            self._count(node, event)
            self._close(node)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if any(node.anchor == event.anchor for node in self._open):
            raise TooMuch("an alias stands in itself", event)
        # One that stands for nothing is refused when the text is loaded.
        if node := self._anchored.get(event.anchor or ""):
            self._count(node, event)
            self._close(_Node(None, node.values, node.levels))

    def _count(self, node: _Node, at: yaml.Event) -> None:
        self._values += node.values
        if self._values > self._bounds.values:
            said = f"it comes to more than {self._bounds.values} values"
            raise TooMuch(f"{said}, with what its aliases stand for", at)
        if len(self._open) + node.levels > self._bounds.levels:
            raise TooMuch(f"it nests more than {self._bounds.levels} levels deep", at)

    def _close(self, node: _Node) -> None:
        if node.anchor:
            self._anchored[node.anchor] = node
        if self._open:
            parent = self._open[-1]
            parent.values += node.values
            parent.levels = max(parent.levels, node.levels + 1)
