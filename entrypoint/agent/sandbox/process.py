"""A program while it runs: what it prints, what it replies, and its end."""

import contextlib
import os
import selectors
import signal
import subprocess
from pathlib import Path
from typing import IO, Self

from entrypoint.runtime import child_processes
from entrypoint.runtime.deadline import Deadline
from entrypoint.runtime.errors import AgentFailure, Problem
from entrypoint.runtime.log import Log

_MAX_SHOWN_BYTES = 200_000
_MAX_TRANSCRIPT_BYTES = 50_000_000
_MAX_KEPT_BYTES = 20_000
_POLL_SECONDS = 0.05


class Process:
    """A running program, in a process group that is killed at the end of the `with` block."""

    def __init__(
        self,
        popen: subprocess.Popen[bytes],
        deadline: Deadline,
        log: Log,
        doing: str,
        transcript: Path,
    ) -> None:
        """Watch a program that runs; what `watch` shows also goes into the file `transcript`."""
        self._popen = popen
        self._deadline = deadline
        self._log = log
        self.doing = doing
        self._transcript = transcript
        # The end of what it printed while it was watched last.
        self.printed = ""
        os.set_blocking(self._stdout.fileno(), False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: object, _traceback: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        ended = child_processes.end_all()
        # Closed, not read to the end: a process that left the group may hold the other side.
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        if ended:
            self._popen.wait()
        elif error is None:
            raise AgentFailure(
                Problem(
                    f"{self.doing} has left processes that can't be ended: they could still change"
                    " what is logged.",
                    "Run the job again.",
                )
            )

    @property
    def status(self) -> int:
        """The exit status; a signal's is negative."""
        return self._popen.wait()

    def send(self, line: str) -> None:
        """Write a line to the program's standard input."""
        if not self._popen.stdin:
            raise RuntimeError("started without a standard input")
        with contextlib.suppress(BrokenPipeError):  # it has ended, which `watch` finds out
            self._popen.stdin.write(f"{line}\n".encode())
            self._popen.stdin.flush()

    def watch(self, reply: int | None = None, *, show: bool = True) -> bytes:
        """Read what the program prints until it replies or ends; the reply, empty when it ended.

        Raises:
            TimedOut: the deadline passed first.

        """
        output = _Output(self._log, self.doing, self._transcript if show else None)
        answer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            if reply is not None:
                selector.register(reply, selectors.EVENT_READ)
            ended = False
            while not (ended or answer):
                self._deadline.check(self.doing)
                ended = self._popen.poll() is not None
                for key, _ in selector.select(0 if ended else _POLL_SECONDS):
                    if key.fd == reply:
                        answer = os.read(reply, 65536)
                    elif not self._take_what_is_there(output):
                        selector.unregister(self._stdout)
        # What it printed before it replied or ended is all in the pipe by now.
        self._take_what_is_there(output)
        output.finish()
        self.printed = output.end.decode(errors="replace")
        return answer

    @property
    def _stdout(self) -> IO[bytes]:
        if not self._popen.stdout:
            raise RuntimeError("started without a standard output")
        return self._popen.stdout

    def _take_what_is_there(self, output: "_Output") -> bool:
        """Empty the pipe (it holds less than the bound); whether more can come."""
        for _ in range(16):
            try:
                chunk = os.read(self._stdout.fileno(), 65536)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            output.take(chunk)
        return True


class _Output:
    """What a program prints: shown in the log up to a bound, line by line, and its end kept.

    All of it, up to another bound, goes into the file `transcript`; without one nothing is shown.
    """

    def __init__(self, log: Log, doing: str, transcript: Path | None) -> None:
        self._log = log
        self._doing = doing
        self._room = _MAX_SHOWN_BYTES
        self._transcript = transcript
        self._hidden = transcript is None
        self._line = b""
        self.end = b""

    def take(self, chunk: bytes) -> None:
        self.end = (self.end + chunk)[-_MAX_KEPT_BYTES:]
        if self._transcript:
            with self._transcript.open("ab") as file:
                file.write(chunk[: max(0, _MAX_TRANSCRIPT_BYTES - file.tell())])
        if self._hidden:
            return
        # Whole lines, so that no line of the log begins with what the program printed last.
        lines, newline, self._line = (self._line + chunk).rpartition(b"\n")
        if newline or len(self._line) > self._room:
            self._show(lines + newline)

    def finish(self) -> None:
        if not self._hidden:
            rest, self._line = self._line, b""
            self._show(rest)

    def _show(self, text: bytes) -> None:
        shown = text[: self._room]
        self._room -= len(shown)
        if shown:
            self._log.untrusted(shown.decode(errors="replace").rstrip("\n"))
        if len(shown) < len(text) or len(self._line) > self._room:
            self._hidden, self._line = True, b""
            self._log.line(f"({self._doing} prints more than {_MAX_SHOWN_BYTES} bytes: not shown)")
