"""Virtual environments, kept for other jobs under a key that changes with what is in them.

Only uv, while it builds nothing, writes into one that is kept: an agent can only read it.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent.environment.cache_folder import CacheFolder
from entrypoint.agent.environment.interpreter import Interpreter
from entrypoint.agent.environment.lock import Lock
from entrypoint.agent.environment.package_folder import FoundPackage
from entrypoint.agent.environment.uv import UvProgram
from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.runtime.deadline import Deadline

# Part of the key. Raise it to no longer reuse environments of earlier versions of log-agent.
_FORMAT = "2"
_MARK = "complete"


@dataclass(frozen=True)
class VirtualEnvironment:
    """What an environment is made of: `pins` is what is installed, and `hashes` what uv checks.

    `changeable`: those of the pins whose files may change under their names.
    """

    interpreter: Interpreter
    lock: Lock
    pins: Path
    hashes: Path | None
    changeable: tuple[FoundPackage, ...] = ()

    @property
    def key(self) -> str:
        """Its name: it changes with everything that is installed, and with the interpreter.

        Raises:
            EnvironmentFailure: a package that may change isn't where uv found it.

        """
        hashes = self.hashes.read_text(encoding="utf-8") if self.hashes else ""
        found = (package.identity for package in self.changeable)
        text = "\n".join((_FORMAT, self.interpreter.identity, *self.lock.lines, hashes, *found))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def make(self, uv: UvProgram, target: Path) -> Path:
        """Make it in the new folder `target`; the path of its interpreter.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            NeedsSource: a pin has no wheel, and uv doesn't build.
            TimedOut: the deadline passed.

        """
        python = target / "bin" / "python"
        uv.run(
            "making the environment",
            *("venv", "--quiet", f"--python={self.interpreter.path}", target),
        )
        # Not started in the checkout, where a setting could change where uv installs.
        uv.run(
            "installing the requirements",
            *("pip", "install", "--no-deps", "--quiet", *uv.options, f"--python={python}"),
            f"--requirements={self.pins}",
            *([f"--constraints={self.hashes}"] if self.hashes else []),
            # Every pin is exact, wherever it was found.
            "--index-strategy=unsafe-best-match",
            # MLflow writes its version into conda.yaml, and conda environments have it too.
            "pip",
        )
        return python


@dataclass(frozen=True)
class VenvCache:
    """Environments in the cache, each under its key; the file `complete` says what is in it."""

    cache: CacheFolder
    sandbox: Sandbox

    def reuse_or_make(self, environment: VirtualEnvironment, uv: UvProgram) -> Path:
        """Make an environment, unless it is in the cache unchanged; the path of its interpreter.

        Raises:
            EnvironmentFailure: with uv's own explanation.
            NeedsSource: a pin has no wheel.
            TimedOut: the deadline passed.

        """
        target = self.cache.environments / environment.key
        with _locked(target.with_suffix(".lock"), self.sandbox.deadline):
            if _is_unchanged(target) and (target / "bin" / "python").exists():
                self.sandbox.log.line("The environment is there already: it is used as it is.")
                return target / "bin" / "python"
            if (target / _MARK).exists():
                self.sandbox.log.line("The environment in the cache was changed: it is made anew.")
                # Its files are hard links to those in uv's cache, which may be changed too.
                shutil.rmtree(self.cache.packages)
            if target.exists():
                shutil.rmtree(target)
            python = environment.make(uv, target)
            _complete(target)
        return python

    def compile(self, python: Path, base: Path, modules: Iterable[str]) -> None:
        """Compile modules of an environment that is kept, which an agent's process has imported.

        Of the modules that the process reports, only those are compiled that are files of the
        environment. The interpreter is the one from which the environment was made: the
        environment's own would run installed code, such as `.pth` files.
        """
        target = python.parents[1]
        if target.parent != self.cache.environments:
            return
        imported = set(modules)
        own = [entry.path for entry in _files(target) if entry.path in imported]
        # The list of files has one a line.
        own = [path for path in own if path.endswith(".py") and path.isprintable()]
        if not own:
            return
        with _locked(target.with_suffix(".lock"), self.sandbox.deadline):
            listed = self.sandbox.folder / "modules.txt"
            listed.write_text("\n".join(own), encoding="utf-8")
            self.sandbox.run(
                [str(base), "-ISm", "compileall", "-qq", "-j0", f"-i{listed}"],
                doing="compiling the environment",
                cwd=self.sandbox.folder,
                environ={},
                untrusted=False,
            )
            _complete(target)


def _is_unchanged(target: Path) -> bool:
    """Whether an environment is what it was when it was made."""
    try:
        return (target / _MARK).read_text(encoding="utf-8") == _content(target)
    except (OSError, ValueError):
        return False


def _complete(target: Path) -> None:
    mark = target / _MARK
    mark.unlink(missing_ok=True)  # never through a link
    mark.write_text(_content(target), encoding="utf-8")


def _content(target: Path) -> str:
    """SHA-256 of every file's place, size and time, and of where links lead."""
    lines = []
    for entry in _files(target):
        if entry.path != str(target / _MARK):
            status = entry.stat(follow_symlinks=False)
            leads = Path(entry).readlink() if entry.is_symlink() else ""
            # Whole seconds: archives of a cache may keep no more.
            lines.append(f"{entry.path}\0{status.st_size}\0{int(status.st_mtime)}\0{leads}")
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()


def _files(target: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder of ours but the folders; links are not followed."""
    folders = [str(target)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry


@contextmanager
def _locked(path: Path, deadline: Deadline) -> Iterator[None]:
    """Keep another job with the same cache out while the environment is made."""
    lock = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
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
