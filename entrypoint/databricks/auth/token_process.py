"""The mint: makes short-lived tokens out of the step's credentials, in a process of its own."""

import json
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

_PROGRAM = (sys.executable, "-I", "-m", "entrypoint.databricks.auth.token_process_main")
# Seconds; the first time the SDK is imported, and a workspace is slow at times.
_PATIENCE = 30
# Renewed when half of its life is over, or twenty minutes before the end, as the SDK does it.
_EARLY = 20 * 60
# Seconds after which a token of unknown lifetime is asked for again.
UNKNOWN_LIFE = 60


@dataclass(frozen=True)
class WorkspaceToken:
    """A token for one workspace; `expires` is a time of the clock, None for one that lasts."""

    value: str = field(repr=False)
    host: str
    expires: float | None = None
    renewal: float | None = None

    @classmethod
    def living(cls, value: str, host: str, lifetime: float | None) -> "WorkspaceToken":
        """Make the token of one that lives so many seconds from now; None for ever.

        One that is said to be over already is taken as it is: some services say 0 where they don't
        know, and the workspace knows.
        """
        if lifetime is None:
            return cls(value, host)
        if lifetime <= 0:
            lifetime = UNKNOWN_LIFE
        expires = time.time() + lifetime
        return cls(value, host, expires, expires - min(lifetime / 2, _EARLY))

    @property
    def seconds_to_renewal(self) -> float | None:
        """How long it is good enough; None for ever."""
        return None if self.renewal is None else max(self.renewal - time.time(), 0)

    @property
    def is_over(self) -> bool:
        """Whether nobody takes it any more."""
        return self.expires is not None and self.expires <= time.time()


class TokenProcessFailure(Exception):
    """No token: the SDK's words, and what the job's identity token says, if it got one."""

    def __init__(self, words: str, claims: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.claims = claims or {}


class TokenProcess:
    """One process, started when it is needed, and again when it hung."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Let the SDK log in with these variables."""
        self._environ = dict(environ)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def mint(self) -> WorkspaceToken:
        """Make a token, in half a minute at most.

        Raises:
            TokenProcessFailure: the workspace doesn't give one, or not in time.

        """
        stdin, stdout = self._pipes()
        try:
            stdin.write(b"\n")
            stdin.flush()
            in_time, _, _ = select.select([stdout], [], [], _PATIENCE)
            answer = json.loads(stdout.readline()) if in_time else None
        except (OSError, ValueError) as error:
            self._end()
            raise TokenProcessFailure("the process that logs in has ended") from error
        if answer is None:
            self._end()
            raise TokenProcessFailure(f"no answer within {_PATIENCE} seconds")
        if "error" in answer:
            raise TokenProcessFailure(answer["error"], answer["claims"])
        return WorkspaceToken.living(answer["token"], answer["host"], answer["lifetime"])

    def close(self) -> None:
        """End the process, whatever it waits for."""
        self._closed = True
        self._end()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        with self._lock:
            if self._closed:
                raise TokenProcessFailure("the job ends")
            if self._process is None:
                self._process = subprocess.Popen(
                    _PROGRAM,
                    env=self._environ,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    # Ctrl-C is for the program. It is no orphan, so it stays in our session.
                    process_group=0,
                )
            process = self._process
        if not (process.stdin and process.stdout):
            raise RuntimeError("started without pipes")
        return process.stdin, process.stdout

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was written last can't be flushed any more
                    if pipe:
                        pipe.close()
