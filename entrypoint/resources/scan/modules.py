"""The modules that are read: the agent's, and those of the code paths that it imports."""

import ast
import functools
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from entrypoint.resources.scan.parsing import Lines, parsed
from entrypoint.runtime.errors import Place

# Code that people write is smaller.
_MAX_MODULE_BYTES = 500_000
_MAX_CHARS_OF_ALL = 10_000_000

PlaceOf = Callable[[int, int], Place | None]


@dataclass(frozen=True, eq=False)
class Module:
    """One module: its name, its code, and where its lines and columns are in the checkout."""

    name: str
    text: str
    tree: ast.Module
    place: PlaceOf
    is_package: bool = False
    left_out: tuple[Lines, ...] = ()
    """What this Python can't parse, which is not in the tree."""

    @functools.cached_property
    def lines(self) -> list[str]:
        """The code's lines, as Python's parser counts them."""
        return io.StringIO(self.text, newline=None).read().split("\n")

    def place_of(self, node: ast.expr) -> Place | None:
        """Where an expression begins in the checkout."""
        # The parser counts bytes.
        line = self.lines[node.lineno - 1].encode()[: node.col_offset]
        return self.place(node.lineno, len(line.decode(errors="ignore")) + 1)

    def absolute(self, module: str | None, level: int) -> str:
        """The module that `from ..module import` names."""
        if not level:
            return module or ""
        parts = self.name.split(".")
        parts = parts[: len(parts) - level + self.is_package]
        return ".".join([*parts, module] if module else parts)


def reachable(
    agent: Module, folder: Path, place: Callable[[Path, int, int], Place | None]
) -> dict[str, Module]:
    """The agent's module and those under `folder` that it imports, by any number of steps.

    A module that nothing imports is not read: a folder of the checkout may hold other agents too.
    """
    modules = {agent.name: agent}
    todo = [agent]
    size = 0
    while todo and size < _MAX_CHARS_OF_ALL:
        for name in _imported(todo.pop()):
            if name not in modules and (module := _module(name, folder, place)):
                modules[name] = module
                todo.append(module)
                size += len(module.text)
    return modules


def position(place: Place | None) -> tuple[str, int, int]:
    """By which places are sorted: file, line and column."""
    return (place.file, place.line or 0, place.column or 0) if place else ("", 0, 0)


def _module(
    name: str, folder: Path, place: Callable[[Path, int, int], Place | None]
) -> Module | None:
    base = folder.joinpath(*name.split("."))
    for path, is_package in ((base / "__init__.py", True), (base.with_suffix(".py"), False)):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if len(content) > _MAX_MODULE_BYTES:
            return None
        code = parsed(content)
        text = content.decode(errors="replace")
        place_of = partial(place, path.relative_to(folder))
        return Module(name, text, code.tree, place_of, is_package, code.left_out)
    return None


def _imported(module: Module) -> Iterator[str]:
    """Every module that the import statements may mean, with the packages above it."""
    for node in ast.walk(module.tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = module.absolute(node.module, node.level)
            # What is imported may be a module as well as a name of one.
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = [part for part in name.split(".") if part != "*"]
            for length in range(1, len(parts) + 1):
                yield ".".join(parts[:length])
