"""What goes wrong on demand."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# How an answer can't be read: less than its length says, the page of a proxy, half of its JSON,
# nothing at all, or another encoding than its header says.
Garbled = Literal["", "truncated", "html", "json", "empty", "encoding"]
_PAGE = b"<!DOCTYPE html><html><body>Please stand by.</body></html>"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, once or `times` times, with the requests that it fits.

    `number` counts every request from 1; `verb` is any when it is empty; `path` is a regular
    expression that is searched in the path. What happens, in this order: the `delay`, in seconds;
    the `reset` of the connection `before` acting; the end of the request's token, which is
    `revoked`; an answer of `status` instead of acting; the `reset` `after` acting; an answer that
    is `garbled` on its way.
    """

    verb: str = ""
    path: str = ""
    number: int | None = None
    times: int = 1
    delay: float = 0.0
    reset: Literal["", "before", "after"] = ""
    revoked: bool = False
    garbled: Garbled = ""
    status: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def fits(self, number: int, verb: str, path: str) -> bool:
        """Whether the request is one of those that go wrong."""
        return (
            self.number in (None, number)
            and self.verb in ("", verb)
            and re.search(self.path, path) is not None
        )

    def garble(self, body: bytes) -> bytes:
        """What arrives of an answer's body."""
        match self.garbled:
            case "html":
                return _PAGE
            case "truncated" | "json":
                return body[: len(body) // 2]
            case "empty":
                return b""
        return body


class Faults:
    """The faults to come, oldest first: a request meets one at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, int]] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._waiting += [(fault, fault.times) for fault in faults]

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._waiting.clear()

    def take(self, number: int, verb: str, path: str) -> Fault | None:
        """The fault that this request meets."""
        with self._lock:
            for index, (fault, left) in enumerate(self._waiting):
                if fault.fits(number, verb, path):
                    self._waiting[index : index + 1] = [(fault, left - 1)] if left > 1 else []
                    return fault
        return None

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """Those that nothing has met yet: a test that asks for a fault can say that it happened."""
        with self._lock:
            return tuple(fault for fault, _ in self._waiting)
