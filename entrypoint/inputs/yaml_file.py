"""YAML files that inputs name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place, Problem
from entrypoint.runtime.untrusted_file import Bound

Content = TypeVar("Content")

_BOUND = Bound(1_000_000, "Give data with `artifacts`.")
_MOST_LEVELS = 100
# Keys and values with all that aliases and `<<` stand for, which can make a small file a huge one.
_MOST_VALUES = 50_000
_LONGEST_NUMBER = 1_000


class _TooMuch(yaml.MarkedYAMLError):
    """It is YAML of more than the nodes that are read."""


class _StrictLoader(yaml.SafeLoader):
    """Refuses what PyYAML would take in silence (a key that is given twice), or for ever."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._level = 0
        self._values = 0
        # By the node's id: how many values it stands for, and how many levels.
        self._sizes: dict[int, tuple[int, int]] = {}
        self._deepest = [0]

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Read one value; what it comes to is counted while it is read, and not afterwards."""
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        is_alias = self.check_event(yaml.AliasEvent)
        before, self._level = self._values, self._level + 1
        self._deepest.append(0)
        self._check_bounds(mark)
        node = super().compose_node(parent, index)
        levels = self._deepest.pop() + 1
        if is_alias:
            if id(node) not in self._sizes:
                raise _TooMuch(None, None, "an alias stands in itself", mark)
            values, levels = self._sizes[id(node)]
            self._values += values
        else:
            self._values += 1
            self._sizes[id(node)] = (self._values - before, levels)
        self._deepest[-1] = max(self._deepest[-1], levels)
        self._check_bounds(mark, levels)
        self._level -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        self.check_keys(node)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> float:
        """A number that can be written again: Python has none of thousands of digits as text."""
        if len(node.value) > _LONGEST_NUMBER:
            raise _TooMuch(None, None, "a number has too many digits", node.start_mark)
        if node.tag.endswith(":int"):
            return self.construct_yaml_int(node)
        return self.construct_yaml_float(node)

    def check_keys(self, node: yaml.MappingNode) -> None:
        """Refuse what is given twice; before `<<` is filled in, which a key may override."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"`{key.value}` is given twice", key.start_mark
                )
            seen.add(key.value)

    def _check_bounds(self, mark: yaml.Mark, levels: int = 0) -> None:
        if self._level + max(levels - 1, 0) > _MOST_LEVELS:
            said = f"it nests more than {_MOST_LEVELS} levels deep"
        elif self._values > _MOST_VALUES:
            said = f"it comes to more than {_MOST_VALUES} values, with what its aliases stand for"
        else:
            return
        raise _TooMuch(None, None, said, mark)


for _kind in ("int", "float"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _StrictLoader.construct_number)


@dataclass(frozen=True)
class Marked:
    """A value of a YAML file with the place where it begins.

    `value`: a `dict` or a `list` of such values, or a scalar, which stands there as `raw`; `keys`:
    a mapping's places by key.
    """

    value: Any
    place: Place
    keys: Mapping[Any, Place] = field(default_factory=dict)
    raw: str = ""

    def __getitem__(self, key: str) -> "Marked":
        """A mapping's value."""
        found: Marked = self.value[key]
        return found


def read_yaml(name: str, path: Path, workspace: Workspace) -> dict[str, Any]:
    """A YAML file that holds a mapping, for the input `name`.

    Raises:
        InputFailure: it isn't one, with the place where it stops being one.

    """
    content: dict[str, Any] = _read(name, path, workspace, _StrictLoader.get_single_data)
    _check_mapping(name, content, workspace.relative(path))
    return content


def read_marked(name: str, path: Path, workspace: Workspace) -> Marked:
    """A YAML file that holds a mapping, every value with its place.

    Raises:
        InputFailure: as `read_yaml`.

    """
    shown = workspace.relative(path)

    def content(loader: _StrictLoader) -> Marked:
        node = loader.get_single_node()
        return _Marker(loader, shown).mark(node) if node else Marked(None, Place(shown, 1))

    marked = _read(name, path, workspace, content)
    _check_mapping(name, marked.value, shown)
    return marked


class _Marker:
    """Turns nodes into marked values, each once: aliases can make a small file a huge one."""

    def __init__(self, loader: _StrictLoader, shown: str) -> None:
        self._loader = loader
        self._shown = shown
        self._marked: dict[int, Marked] = {}

    def mark(self, node: yaml.Node) -> Marked:
        if id(node) not in self._marked:
            self._marked[id(node)] = self._mark(node)
        return self._marked[id(node)]

    def _mark(self, node: yaml.Node) -> Marked:
        place = self._place(node)
        if isinstance(node, yaml.MappingNode):
            self._loader.check_keys(node)
            self._loader.flatten_mapping(node)
            keys = [(self._loader.construct_object(key, deep=True), key) for key, _ in node.value]
            # The last one counts: what `<<` brings stands before what overrides it.
            values = {
                key: self.mark(value) for (key, _), (_, value) in zip(keys, node.value, strict=True)
            }
            return Marked(values, place, {key: self._place(at) for key, at in keys})
        if isinstance(node, yaml.SequenceNode):
            return Marked([self.mark(value) for value in node.value], place)
        return Marked(self._loader.construct_object(node), place, raw=str(node.value)[:100])

    def _place(self, node: yaml.Node) -> Place:
        return Place(self._shown, node.start_mark.line + 1, node.start_mark.column + 1)


def _read(
    name: str, path: Path, workspace: Workspace, content: Callable[[_StrictLoader], Content]
) -> Content:
    shown = workspace.relative(path)
    try:
        text = workspace.read(path, _BOUND)
    except ValueError as error:
        raise InputFailure(Problem(f"`{name}`: {error}", place=Place(shown))) from error
    try:
        loader = _StrictLoader(text)
        try:
            return content(loader)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        said = " ".join(part for part in (error.context, error.problem) if part)
        verdict = "can't be read" if isinstance(error, _TooMuch) else "is not YAML"
        what = f"`{name}`: `{shown}` {verdict}: {said}."
        raise InputFailure(Problem(what, place=place)) from error
    # Bytes that are no text, a date that is none, a key that can't be one, endless nesting.
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InputFailure(
            Problem(f"`{name}`: `{shown}` is not YAML: {error}.", place=Place(shown))
        ) from error


def _check_mapping(name: str, content: object, shown: str) -> None:
    if not isinstance(content, dict):
        raise InputFailure(
            Problem(
                f"`{name}`: `{shown}` holds {kind_of(content)}, not keys and values.",
                place=Place(shown, 1),
            )
        )


def kind_of(content: object) -> str:
    """What a value is, for a sentence."""
    if content is None:
        return "nothing"
    if isinstance(content, dict):
        return "keys and values"
    return "a list" if isinstance(content, list) else "a single value"
