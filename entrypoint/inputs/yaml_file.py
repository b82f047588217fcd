"""YAML files that inputs name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from entrypoint.inputs.strict_yaml import Bounds, StrictConstructor, TooMuch, check_size
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place, Problem
from entrypoint.runtime.untrusted_file import Bound

Content = TypeVar("Content")

_MAX_SIZE = Bound(1_000_000, "Give data with `artifacts`.")
# Keys and values, with all that aliases and `<<` stand for.
_BOUNDS = Bounds(values=50_000)


class _Loader(StrictConstructor, yaml.SafeLoader):
    """PyYAML's own parser: unlike libyaml's, its errors say what was expected instead."""


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
    content: dict[str, Any] = _read(name, path, workspace, _Loader.get_single_data)
    _check_mapping(name, content, workspace.relative(path))
    return content


def read_marked(name: str, path: Path, workspace: Workspace) -> Marked:
    """A YAML file that holds a mapping, every value with its place.

    Raises:
        InputFailure: as `read_yaml`.

    """
    shown = workspace.relative(path)

    def content(loader: _Loader) -> Marked:
        node = loader.get_single_node()
        return _Marker(loader, shown).mark(node) if node else Marked(None, Place(shown, 1))

    marked = _read(name, path, workspace, content)
    _check_mapping(name, marked.value, shown)
    return marked


class _Marker:
    """Turns nodes into marked values, each once: aliases can make a small file a huge one."""

    def __init__(self, loader: _Loader, shown: str) -> None:
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
    name: str, path: Path, workspace: Workspace, content: Callable[[_Loader], Content]
) -> Content:
    shown = workspace.relative(path)
    try:
        text = workspace.read(path, _MAX_SIZE)
    except ValueError as error:
        raise InputFailure(Problem(f"`{name}`: {error}", place=Place(shown))) from error
    try:
        check_size(text, _Loader, _BOUNDS)
        loader = _Loader(text)
        try:
            return content(loader)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        said = " ".join(part for part in (error.context, error.problem) if part)
        verdict = "can't be read" if isinstance(error, TooMuch) else "is not YAML"
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
