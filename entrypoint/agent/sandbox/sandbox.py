"""Where untrusted programs run: the agent, and whatever is built from source.

They get chosen environment variables, folders of their own, a bounded time and a bounded number of
lines in the log; in the container also an account of their own (see `runtime/accounts.py`).
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent.sandbox.process import Process
from entrypoint.agent.sandbox.variables import step_environ, with_folders
from entrypoint.runtime.accounts import agents_account
from entrypoint.runtime.deadline import Deadline
from entrypoint.runtime.errors import EnvironmentFailure, Problem
from entrypoint.runtime.log import Log


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for everything that the job makes on its way.

    In the container it is not removed, for it goes with the container: to remove an environment
    file by file takes seconds, and a cancelled job has few.

    Raises:
        EnvironmentFailure: there is no place for one.

    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="log-agent-")).resolve()
    except (
        FileNotFoundError
    ) as error:  # what Python raises when every place for one is full or closed
        raise EnvironmentFailure(
            Problem(
                "TMPDIR: no folder for temporary files can be written.",
                "Let it name a folder that log-agent may write, on a disk with room for an"
                " environment and a model.",
                detail=str(error),
            )
        ) from error
    try:
        yield folder
    finally:
        if not agents_account():
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Sandbox:
    """What an untrusted program gets.

    It may read in `folder`, and write only in the folders below that are shared with it. Those are
    never followed by their paths, except by untrusted programs: a link may be in them.
    """

    folder: Path
    environ: Mapping[str, str]
    deadline: Deadline
    log: Log

    @classmethod
    def make(
        cls, folder: Path, environ: Mapping[str, str], deadline: Deadline, log: Log
    ) -> "Sandbox":
        """Lay out the folder and choose the variables: the step's own `env:` and no others."""
        folder.chmod(0o755)  # the account must be able to walk through it
        sandbox = cls(folder, with_folders(step_environ(environ), folder), deadline, log)
        for name in ("home", "tmp", "store"):
            sandbox.share(name)
        return sandbox

    @property
    def transcript(self) -> Path:
        """The file with all that the agent printed, which may not be there."""
        return self.folder / "transcript.log"

    def share(self, name: str) -> Path:
        """Make a folder into which untrusted programs may write."""
        folder = self.folder / name
        folder.mkdir()
        if account := agents_account():
            os.chown(folder, -1, account.pw_gid)
            folder.chmod(0o770)
        return folder

    def share_all(self, folder: Path) -> None:
        """Let untrusted programs write into a folder that exists, and into all that is in it.

        Raises:
            TimedOut: the deadline passed.

        """
        if account := agents_account():
            for path in (folder, *folder.rglob("*")):
                self.deadline.check(f"sharing `{folder.name}` with what is built from source")
                # A program that needs what is gone or closed reports that itself.
                with suppress(FileNotFoundError, PermissionError):
                    if not path.is_symlink():
                        os.chown(path, -1, account.pw_gid)
                        mode = path.stat().st_mode
                        path.chmod(mode | (0o070 if path.is_dir() else 0o060))

    def run(
        self,
        argv: Sequence[str],
        *,
        doing: str,
        cwd: Path,
        environ: Mapping[str, str],
        untrusted: bool = True,
    ) -> tuple[int, str]:
        """Run a program to its end, not shown in the log; its exit status and last output."""
        started = self.start(argv, doing=doing, cwd=cwd, environ=environ, untrusted=untrusted)
        with started as process:
            process.watch(show=False)
            return process.status, process.printed

    def start(
        self,
        argv: Sequence[str],
        *,
        doing: str,
        cwd: Path,
        environ: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
        untrusted: bool = True,
    ) -> Process:
        """Start a program; with `descriptors` it inherits those, and gets a standard input.

        One that isn't `untrusted`, because it runs no code but its own, runs under our own account
        and gets no variables but `environ`.
        """
        account = agents_account() if untrusted else None
        popen = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**(self.environ if untrusted else {}), **(environ or {})},
            stdin=subprocess.PIPE if descriptors else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=descriptors,
            start_new_session=True,
            umask=0o022,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        return Process(popen, self.deadline, self.log, doing, self.transcript)
