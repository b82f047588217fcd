"""Where foreign programs run: the agent, and uv with the build backends that it starts.

They get an environment of their own, folders of their own, a bounded time and a bounded place in
the log; in the container also an account of their own (see `account`).
"""

import contextlib
import os
import pwd
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from entrypoint.errors import Problem, TimedOut
from entrypoint.log import Log
from entrypoint.ownership import hand_over

# GitHub's variables (tokens, command files, the inputs), what would steer the interpreter, and the
# long-lived secrets with which the control process publishes.
# The package index's credentials (UV_*, PIP_*) are for uv alone.
_WITHHELD_PREFIXES = (
    "INPUT_",
    "GITHUB_",
    "ACTIONS_",
    "RUNNER_",
    "MLFLOW_",
    "PYTHON",
    "LD_",
    "UV_",
    "PIP_",
)
_WITHHELD = {"GH_TOKEN", "VIRTUAL_ENV", "DATABRICKS_CLIENT_SECRET", "ARM_CLIENT_SECRET"}

# What the agent does to MLflow while it is built ends in a store that is thrown away.
_MLFLOW = {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    # Else MLflow copies any uv project of the working directory into the model.
    "MLFLOW_UV_AUTO_DETECT": "false",
}

_ACCOUNT = "log-agent"
_SHOWN_BYTES = 200_000
_KEPT_BYTES = 20_000
_POLL_SECONDS = 0.05


class Deadline:
    """The moment by which building and verifying must have ended."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def check(self, doing: str) -> None:
        """Hold the time against the deadline.

        Raises:
            TimedOut: it has passed; `doing` says what wasn't finished.

        """
        if self._clock() < self._end:
            return
        raise TimedOut(
            Problem(
                f"`timeout-minutes`: {doing} was not finished after {self.seconds / 60:g} minutes"
                " and was stopped.",
                "If it needs longer, give it longer:\n\n    with:\n      timeout-minutes:"
                f" {max(1, round(self.seconds / 30))}",
            )
        )


def account() -> pwd.struct_passwd | None:
    """The unprivileged account for foreign programs: the container has one, other places don't.

    Another uid is what closes `/proc/1/environ`, `docker.sock` and the runner's command files.
    """
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return None


@dataclass(frozen=True)
class Sandbox:
    """What a foreign program gets: `folder` is its home and the place for what it makes."""

    folder: Path
    environ: Mapping[str, str]
    deadline: Deadline
    log: Log
    account: pwd.struct_passwd | None = None

    @classmethod
    def make(
        cls, folder: Path, environ: Mapping[str, str], deadline: Deadline, log: Log
    ) -> "Sandbox":
        """Lay out the folder and choose the variables: the step's own `env:` and no others."""
        folder.chmod(0o755)  # the account must be able to walk through it
        sandbox = cls(folder, _foreign_environ(environ, folder), deadline, log, account())
        for name in ("home", "tmp"):
            sandbox.give(folder / name)
        return sandbox

    def give(self, folder: Path) -> Path:
        """Make a folder into which foreign programs may write."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.account:
            hand_over(folder, self.account.pw_uid, self.account.pw_gid)
        return folder

    def run(
        self, argv: Sequence[str], *, doing: str, cwd: Path, environ: Mapping[str, str]
    ) -> tuple[int, str]:
        """Run a program out of sight to its end; its exit status and the end of its output."""
        with self.start(argv, doing=doing, cwd=cwd, environ=environ) as process:
            process.watch(show=False)
            return process.status, process.printed

    def start(
        self,
        argv: Sequence[str],
        *,
        doing: str,
        cwd: Path,
        environ: Mapping[str, str] | None = None,
        reply: int | None = None,
    ) -> "Process":
        """Start a program; one that is talked to inherits the file descriptor `reply`."""
        who = self.account
        popen = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL if reply is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=() if reply is None else (reply,),
            start_new_session=True,
            umask=0o022,
            user=who.pw_uid if who else None,
            group=who.pw_gid if who else None,
            extra_groups=[] if who else None,
        )
        return Process(popen, self, doing)


class Process:
    """A foreign program, in a process group that ends with the `with` block."""

    def __init__(self, popen: subprocess.Popen[bytes], sandbox: Sandbox, doing: str) -> None:
        self._popen = popen
        self._deadline = sandbox.deadline
        self._log = sandbox.log
        self.doing = doing
        # The end of what it printed while it was watched last.
        self.printed = ""
        os.set_blocking(self._stdout.fileno(), False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        # Closed, not read to the end: a process that left the group may hold the other side.
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe:
                pipe.close()

    @property
    def status(self) -> int:
        """The exit status; a signal's is negative."""
        return self._popen.wait()

    def tell(self, line: str) -> None:
        """Write a line to the program's standard input."""
        if not self._popen.stdin:
            raise RuntimeError("started without a standard input")
        with contextlib.suppress(BrokenPipeError):  # it has ended, and `watch` will say so
            self._popen.stdin.write(f"{line}\n".encode())
            self._popen.stdin.flush()

    def watch(self, reply: int | None = None, *, show: bool = True) -> bytes:
        """Take what the program prints until it replies or ends; the reply, empty at the end.

        Raises:
            TimedOut: the deadline passed first.

        """
        output = _Output(self._log, self.doing, show=show)
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
        # Whoever replied or ended has printed before: it is all in the pipe by now.
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
    """What a program prints: shown up to a bound, line by line, and its end kept."""

    def __init__(self, log: Log, doing: str, *, show: bool) -> None:
        self._log = log
        self._doing = doing
        self._room = _SHOWN_BYTES if show else 0
        self._line = b""
        self.end = b""

    def take(self, chunk: bytes) -> None:
        self.end = (self.end + chunk)[-_KEPT_BYTES:]
        if not self._room:
            return
        # Whole lines, so that nothing foreign stands at the head of a line of ours.
        lines, newline, rest = (self._line + chunk).rpartition(b"\n")
        self._line = rest
        if newline or len(rest) > self._room:
            self._show(lines + newline)

    def finish(self) -> None:
        if self._room:
            self._show(self._line)

    def _show(self, text: bytes) -> None:
        if text:
            self._log.foreign(text[: self._room].decode(errors="replace").rstrip("\n"))
        if len(text) + len(self._line) <= self._room:
            self._room -= len(text)
            return
        self._room, self._line = 0, b""
        self._log.line(f"({self._doing} prints more than {_SHOWN_BYTES} bytes: not shown)")


def _foreign_environ(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    token = environ.get("INPUT_GITHUB-TOKEN") or environ.get("GITHUB_TOKEN")
    step = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_WITHHELD_PREFIXES)
        and name not in _WITHHELD
        and not (token and value == token)
    }
    store = (folder / "mlruns").as_uri()
    return {
        **step,
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        **_MLFLOW,
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_REGISTRY_URI": store,
    }
