"""Where foreign programs run: the agent, and uv with the build backends that it starts.

They get an environment of their own, folders of their own, a bounded time and a bounded place in
the log; in the container also an account of their own (see `account`).
"""

import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from entrypoint import credentials
from entrypoint.agent.deadline import Deadline
from entrypoint.agent.process import Process
from entrypoint.log import Log
from entrypoint.ownership import account, hand_over

# GitHub's variables (tokens, command files, the inputs) and what would steer the interpreter; what
# opens Databricks is withheld as well, and the agent is lent a login.
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
_TOKENS = ("INPUT_GITHUB-TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
_WITHHELD = {"GH_TOKEN", "VIRTUAL_ENV"}

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
    """
    folder = Path(tempfile.mkdtemp(prefix="log-agent-")).resolve()
    try:
        yield folder
    finally:
        if not account():
            shutil.rmtree(folder, ignore_errors=True)


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
        sandbox = cls(folder, _with_store(step_environ(environ), folder), deadline, log, account())
        for name in ("home", "tmp"):
            sandbox.give(folder / name)
        return sandbox

    @property
    def transcript(self) -> Path:
        """The file with all that the agent printed, which may not be there."""
        return self.folder / "transcript.log"

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
    ) -> Process:
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
        return Process(popen, self.deadline, self.log, doing, self.transcript)


def step_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that foreign programs may know: the step's own `env:`."""
    tokens = [environ[name] for name in _TOKENS if environ.get(name)]
    withheld = _WITHHELD | credentials.names(environ)
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
