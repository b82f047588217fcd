"""Where foreign programs run: the agent, and whatever is built from source.

They get an environment of their own, folders of their own, a bounded time and a bounded place in
the log; in the container also an account of their own (see `accounts`).
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
from entrypoint.databricks.auth import env_vars
from entrypoint.runtime.accounts import agents_account
from entrypoint.runtime.deadline import Deadline
from entrypoint.runtime.errors import EnvironmentFailure, Problem
from entrypoint.runtime.log import Log

# GitHub's variables (tokens, command files, the inputs) and what would steer the interpreter; what
# opens Databricks is withheld as well, and the agent is lent a login.
# The package index's credentials (UV_*, PIP_*) are for uv alone.
_WITHHELD_PREFIXES = (
    "INPUT_",
    "GITHUB_",
    "GIT_",
    "ACTIONS_",
    "RUNNER_",
    "MLFLOW_",
    "PYTHON",
    "LD_",
    "UV_",
    "PIP_",
)
_TOKENS = ("INPUT_GITHUB-TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
_WITHHELD = {
    *("GH_TOKEN", "VIRTUAL_ENV"),
    # They would run a file of the checkout in every shell, Node, Perl, Ruby, Java or git.
    *("BASH_ENV", "ENV", "PROMPT_COMMAND", "NODE_OPTIONS", "NODE_PATH", "PERL5OPT", "PERL5LIB"),
    *("RUBYOPT", "RUBYLIB", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"),
}

# What the agent does to MLflow while it is built ends in a store that is thrown away.
_MLFLOW = {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    # Else MLflow copies any uv project of the working directory into the model.
    "MLFLOW_UV_AUTO_DETECT": "false",
}


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for what is made on the way.

    The container's goes with the container: to remove an environment file by file takes seconds,
    and a cancelled job has few.

    Raises:
        EnvironmentFailure: there is no place for one.

    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="log-agent-")).resolve()
    except FileNotFoundError as error:  # so Python says that every place for one is full or closed
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
    """What a foreign program gets.

    `folder` is ours: it may read there, and write only in the folders below that are shared with
    it. Nothing in those is followed by its path, except by foreign programs.
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
        sandbox = cls(folder, _with_store(step_environ(environ), folder), deadline, log)
        for name in ("home", "tmp", "mlruns"):
            sandbox.share(name)
        return sandbox

    @property
    def transcript(self) -> Path:
        """The file with all that the agent printed, which may not be there."""
        return self.folder / "transcript.log"

    def share(self, name: str) -> Path:
        """Make a folder into which foreign programs may write."""
        folder = self.folder / name
        folder.mkdir()
        if account := agents_account():
            os.chown(folder, -1, account.pw_gid)
            folder.chmod(0o770)
        return folder

    def share_all(self, folder: Path) -> None:
        """Let foreign programs write into a folder of ours, and into all that is in it.

        Raises:
            TimedOut: the deadline passed.

        """
        if account := agents_account():
            for path in (folder, *folder.rglob("*")):
                self.deadline.check(f"sharing `{folder.name}` with what is built from source")
                # What is gone or closed is missed by whoever needs it, who then says so.
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
        foreign: bool = True,
    ) -> tuple[int, str]:
        """Run a program out of sight to its end; its exit status and the end of its output."""
        started = self.start(argv, doing=doing, cwd=cwd, environ=environ, foreign=foreign)
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
        foreign: bool = True,
    ) -> Process:
        """Start a program; one that is talked to inherits `descriptors`.

        One that isn't `foreign`, because it runs no code but its own, keeps our account and gets no
        variables but `environ`.
        """
        account = agents_account() if foreign else None
        popen = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**(self.environ if foreign else {}), **(environ or {})},
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


def step_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that foreign programs may know: the step's own `env:`."""
    tokens = [environ[name] for name in _TOKENS if environ.get(name)]
    withheld = _WITHHELD | env_vars.names(environ)
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(_WITHHELD_PREFIXES)
        and name not in withheld
        and not any(token in value for token in tokens)
    }


def _with_store(step: Mapping[str, str], folder: Path) -> dict[str, str]:
    store = (folder / "mlruns").as_uri()
    return {
        **step,
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        **_MLFLOW,
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_REGISTRY_URI": store,
    }
