"""The token process: fetches short-lived tokens with the step's credentials."""

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
# The first time the SDK is imported, and a workspace can be slow.
_TIMEOUT_SECONDS = 30
# Renewed at half of its life, at most this long before its end, as the SDK does it.
_RENEWAL_SECONDS = 20 * 60
# After these a token of unknown lifetime is replaced.
UNKNOWN_LIFETIME_SECONDS = 60


@dataclass(frozen=True)
class WorkspaceToken:
    """A token for one workspace.

    `expires` and `renewal` are seconds since 1970, None for a token that doesn't end.
    """

    value: str = field(repr=False)
    host: str
    expires: float | None = None
    renewal: float | None = None

    @classmethod
    def with_lifetime(cls, value: str, host: str, lifetime: float | None) -> "WorkspaceToken":
        """A token that is valid for `lifetime` seconds from now; None for one that doesn't end.

        Where it is said to be over already, it is used all the same: some services say 0 where they
        don't know, and the workspace decides.
        """
        if lifetime is None:
            return cls(value, host)
        if lifetime <= 0:
            lifetime = UNKNOWN_LIFETIME_SECONDS
        expires = time.time() + lifetime
        return cls(value, host, expires, expires - min(lifetime / 2, _RENEWAL_SECONDS))

    @property
    def seconds_to_renewal(self) -> float | None:
        """The time until it is to be renewed; None for never."""
        return None if self.renewal is None else max(self.renewal - time.time(), 0)

    @property
    def is_over(self) -> bool:
        """Whether it has expired."""
        return self.expires is not None and self.expires <= time.time()


class TokenProcessFailure(Exception):
    """There is no token: the SDK's message, and the claims of the job's identity token, if any."""

    def __init__(self, message: str, claims: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.claims = claims or {}


class TokenProcess:
    """One process, started when it is needed, and again after it hung."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Let the SDK log in with these variables."""
        self._environ = dict(environ)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def fetch_token(self) -> WorkspaceToken:
        """Fetch a token, in half a minute at most.

        Raises:
            TokenProcessFailure: the workspace doesn't give one, or not in time.

        """
        stdin, stdout = self._pipes()
        try:
            stdin.write(b"\n")
            stdin.flush()
            in_time, _, _ = select.select([stdout], [], [], _TIMEOUT_SECONDS)
            answer = json.loads(stdout.readline()) if in_time else None
        except (OSError, ValueError) as error:
            self._end()
            raise TokenProcessFailure("the process that logs in has ended") from error
        if answer is None:
            self._end()
            raise TokenProcessFailure(f"no answer within {_TIMEOUT_SECONDS} seconds")
        if "error" in answer:
            raise TokenProcessFailure(answer["error"], answer["claims"])
        return WorkspaceToken.with_lifetime(answer["token"], answer["host"], answer["lifetime"])

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
