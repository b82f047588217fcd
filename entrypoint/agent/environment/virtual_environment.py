"""Virtual environments: each is made once for what is in it, and kept."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent import foreign_file
from entrypoint.agent.deadline import Deadline
from entrypoint.agent.environment.interpreter import Interpreter
from entrypoint.agent.environment.lock import Lock
from entrypoint.agent.environment.uv_program import UvProgram


@dataclass(frozen=True)
class VirtualEnvironment:
    """What an environment is made of: `pins` is what is installed, and `hashes` what uv checks."""

    interpreter: Interpreter
    lock: Lock
    pins: Path
    hashes: Path | None
    cwd: Path

    def made(self, uv: UvProgram, folder: Path) -> Path:
        """Make it in `folder`, unless it is there already; its interpreter.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            TimedOut: the deadline passed.

        """
        target = folder / self._key
        python = target / "bin" / "python"
        complete = target / "complete"
        with _locked(target.with_suffix(".lock"), uv.sandbox.deadline):
            if complete.is_file() and _runs(uv, python):
                uv.sandbox.log.line("The environment is there already: it is used as it is.")
                return python
            if target.exists():
                shutil.rmtree(target)
            self._make(uv, target)
            os.close(foreign_file.write_mark(complete))
        return python

    @property
    def _key(self) -> str:
        """Its name: it changes with everything that is installed, and with the interpreter."""
        hashes = self.hashes.read_text(encoding="utf-8") if self.hashes else ""
        text = "\n".join((self.interpreter.identity, *self.lock.lines, hashes))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def _make(self, uv: UvProgram, target: Path) -> None:
        uv.run(
            "making the environment",
            *("venv", "--quiet", f"--python={self.interpreter.path}", target),
        )
        uv.run(
            "installing the requirements",
            *("pip", "install", "--no-deps", "--quiet", f"--python={target / 'bin' / 'python'}"),
            f"--requirements={self.pins}",
            *([f"--constraints={self.hashes}"] if self.hashes else []),
            # Every pin is exact, wherever it was found.
            "--index-strategy=unsafe-best-match",
            # MLflow writes its version into conda.yaml, and conda environments have it too.
            "pip",
            cwd=self.cwd,
        )


def _runs(uv: UvProgram, python: Path) -> bool:
    """Whether the interpreter under a kept environment is still there."""
    if not python.exists():
        return False
    argv = [str(python), "-IBc", ""]
    doing = "starting the environment"
    status, _ = uv.sandbox.run(argv, doing=doing, cwd=uv.sandbox.folder, environ={})
    return status == 0


@contextmanager
def _locked(path: Path, deadline: Deadline) -> Iterator[None]:
    """Keep another job with the same cache out while the environment is made."""
    lock = foreign_file.write_mark(path)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                deadline.check("waiting for another job that makes the same environment")
                time.sleep(0.1)
        yield
    finally:
        os.close(lock)
