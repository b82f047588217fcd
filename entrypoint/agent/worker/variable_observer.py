"""Notes which environment variables are read while the agent is built and verified.

Of a read it keeps the variable's name, whether it was there, and whether it is the agent's own code
that reads it; never a value. Whatever copies all variables, as a library does to start a program,
reads none.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from .agent_code import is_agents

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType

# So that the notes fit into a verdict, whatever the agent does.
_MAX_READS = 300
_MAX_NAME_CHARACTERS = 200
# Their functions read one variable in several steps, and for others.
_STANDARD_MODULES = ("os", "collections.abc")


def begin(agent_folders: Iterable[str]) -> list[dict[str, str | bool]]:
    """Note reads from now on, as dicts of name, was_there and by_agent, in the list returned.

    `agent_folders` end with a separator.
    """
    _ObservedEnviron.observer = observer = _Observer(tuple(agent_folders))
    # The object stays the one that other modules have.
    os.environ.__class__ = _ObservedEnviron
    return observer.reads


class _Observer:
    """Keeps a read once, however often it is done."""

    def __init__(self, agent_folders: tuple[str, ...]) -> None:
        self.reads: list[dict[str, str | bool]] = []
        self._agent_folders = agent_folders
        self._seen: set[tuple[str, bool, bool]] = set()
        self._copies: set[tuple[CodeType, int]] = set()

    def note_copy(self, caller: FrameType) -> None:
        """Take note of an instruction that asks for all names, as `dict(os.environ)` does."""
        self._copies.add((caller.f_code, caller.f_lasti))

    def note(self, name: str, caller: FrameType, *, was_there: bool) -> None:
        """Note a read by a function of `os.environ` that `caller` has called."""
        if caller.f_code is os.getenv.__code__ and caller.f_back:
            caller = caller.f_back
        elif caller.f_globals.get("__name__") in _STANDARD_MODULES:
            return
        if (caller.f_code, caller.f_lasti) in self._copies:
            return
        read = (name, was_there, is_agents(caller.f_code.co_filename, self._agent_folders))
        # A library asks for many that nobody has set.
        if not (was_there or read[2]) or len(name) > _MAX_NAME_CHARACTERS:
            return
        # Without a lock: two threads may note a read twice, which does no harm.
        if read not in self._seen and len(self._seen) < _MAX_READS:
            self._seen.add(read)
            self.reads.append({"name": name, "was_there": was_there, "by_agent": read[2]})


class _ObservedEnviron(type(os.environ)):  # type: ignore[misc]
    """The class of `os.environ`, with its reads noted."""

    observer: _Observer

    def __getitem__(self, key: Any) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return bool(super().__contains__(key))

    def get(self, key: Any, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def pop(self, key: Any, *default: Any, **named: Any) -> Any:
        self._note(key)
        return super().pop(key, *default, **named)

    def setdefault(self, key: Any, value: Any) -> Any:
        self._note(key)
        return super().setdefault(key, value)

    def keys(self) -> Any:
        self.observer.note_copy(sys._getframe(1))  # noqa: SLF001 - as the standard library does
        return super().keys()

    def _note(self, name: object) -> None:
        if isinstance(name, str):
            was_there = self.encodekey(name) in self._data
            caller = sys._getframe(2)  # noqa: SLF001 - as above
            self.observer.note(name, caller, was_there=was_there)
