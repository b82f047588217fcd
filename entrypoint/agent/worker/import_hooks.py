"""Changes to modules that may be imported at any time, or never."""

from __future__ import annotations

import contextlib
import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Change = Callable[[ModuleType], None]


def when_imported(name: str, change: Change) -> None:
    """Change a module: at once where it is imported already, else as soon as it has been.

    A module of a version that can't be changed like that stays as it is.
    """
    if name in sys.modules:
        _apply(change, sys.modules[name])
        return
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    _Finder.changes.setdefault(name, []).append(change)


def _apply(change: Change, module: ModuleType) -> None:
    with contextlib.suppress(Exception):
        change(module)


class _Finder(MetaPathFinder):
    """Finds a module where the other finders do, and has it changed when it is executed."""

    changes: dict[str, list[Change]] = {}  # noqa: RUF012 - there is one finder

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.changes:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: Any = find(fullname, path, target) if find and finder is not self else None
            if spec:
                with contextlib.suppress(Exception):
                    spec.loader.exec_module = self._changing(fullname, spec.loader.exec_module)
                return spec  # type: ignore[no-any-return]
        return None

    def _changing(
        self, name: str, execute: Callable[[ModuleType], None]
    ) -> Callable[[ModuleType], None]:
        def exec_module(module: ModuleType) -> None:
            execute(module)
            for change in self.changes[name]:
                _apply(change, module)

        return exec_module
