"""A job that is attacked, and what the attacker gained: all seen from outside, when it is over."""

import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Timer

import yaml

from doubles.runner import PUSH_TO_MAIN, Event, Step
from tests.container.attacks import INPUTS, REGISTER, agent
from tests.container.engine import ROOT, Engine
from tests.container.runner import OWNER, Runner

# A job that hangs is killed, and its status is Docker's then, 137.
KILLED_AFTER_SECONDS = 200


class Victim:
    """A job that is attacked, and what is found when it is over."""

    def __init__(self, runner: Runner, engine: Engine, clean_workspace: Path, folder: Path) -> None:
        self.runner = runner
        self.engine = engine
        self.workspace = runner.workspace
        self._clean = clean_workspace
        self._folder = folder
        self._loot = folder / "loot"
        self._loot.mkdir()
        self._loot.chmod(0o777)
        self._before: dict[str, str] = {}
        self._image_changes: set[str] = set()

    def link(self, name: str, target: str) -> None:
        """Put a link into the checkout to come."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def check_out(self, files: Mapping[str, str], *, cache: bool = True) -> None:
        """Put files and a commit in the workspace, beside the cache of a job before."""
        git = self.workspace / ".git"
        if git.exists():
            # For git works in nobody else's folder.
            for path in (self.workspace, git):
                os.chown(path, os.getuid(), -1)
            (git / "info/exclude").write_text("/.cache\n")
        self.runner.check_out(files)
        if cache and not (self.workspace / ".cache").exists():
            _copy(self._clean / ".cache", self.workspace / ".cache")
        self._before = self._state()

    def run(
        self,
        inputs: Mapping[str, str] | None = None,
        *,
        env: Mapping[str, str] | None = None,
        event: Event = PUSH_TO_MAIN,
        options: Sequence[str] = (),
    ) -> Step:
        """Run the action as a step, and remember what it changed in the image's own files."""
        container = self.runner.container
        mounts = [f"--volume={self._loot}:/loot", *options]
        timer = Timer(
            KILLED_AFTER_SECONDS, lambda: self.engine.docker("kill", container, check=False)
        )
        timer.start()
        try:
            step = self.runner.run({**INPUTS, **(inputs or {})}, env, event, mounts)
        finally:
            timer.cancel()
        diff = self.engine.docker("diff", container).stdout
        self._image_changes = {line[2:] for line in diff.splitlines()}
        self.engine.docker("rm", "--volumes", container)
        return step

    def noted(self) -> dict[str, str]:
        """What untrusted code left in `/loot`, by the note's name."""
        return {path.name: path.read_text() for path in sorted(self._loot.iterdir())}

    def forget_notes(self) -> None:
        """Empty `/loot`."""
        for path in self._loot.iterdir():
            path.unlink()

    def gains(self) -> list[str]:
        """Where the job changed what it must leave alone: the runner's files, `.git`, the image."""
        after = self._state()
        found = [
            f"{name}: {self._before.get(name)} -> {after.get(name)}"
            for name in sorted({*self._before, *after})
            if self._before.get(name) != after.get(name)
        ]
        empty = ("set_env", "add_path", "save_state")
        texts = {name: (self.runner.command_files / name).read_text() for name in empty}
        found += [f"{name}: {text}" for name, text in texts.items() if text]
        found += [
            f"{path.name} belongs to {path.stat().st_uid}"
            for path in self.runner.command_files.iterdir()
            if path.stat().st_uid != OWNER
        ]
        outputs = yaml.safe_load((ROOT / "action.yml").read_text())["outputs"]
        text = (self.runner.command_files / "set_output").read_text()
        names = {line.partition("<<")[0] for line in text.splitlines() if "<<" in line[:40]}
        found += [f"output {name}" for name in names - set(outputs)]
        mounts = {*self.runner.mounted, "/loot", "/run/docker.sock", "/root"}
        allowed = {str(folder) for mount in mounts for folder in (mount, *Path(mount).parents)}
        return found + sorted(
            f"{path} of the image" for path in self._image_changes if path not in allowed
        )

    def told(self, step: Step) -> bytes:
        """Everything that others get to see: log, outputs, summary, report and store."""
        texts = [step.log, step.summary, (self.runner.command_files / "set_output").read_text()]
        folders = (self.workspace / name for name in (".log-agent", "report"))
        files = [path for folder in folders for path in folder.rglob("*") if is_regular_file(path)]
        return "\n".join(texts).encode() + b"".join(path.read_bytes() for path in files)

    def registered(self) -> list[Path]:
        """The folders with the files of the READY versions."""
        database = self.workspace / ".log-agent/mlflow.db"
        if not database.is_file():
            return []
        with closing(sqlite3.connect(database)) as store:
            locations = store.execute(
                "SELECT artifact_location FROM logged_models JOIN model_versions"
                " ON model_versions.source = 'models:/' || model_id"
                " WHERE model_versions.status = 'READY'"
            )
            folders = [row[0].removeprefix("file:///github/workspace/") for row in locations]
        return [self.workspace / folder for folder in folders]

    def _state(self) -> dict[str, str]:
        """Owner, kind and content of what the job must leave alone, and who may write to it."""
        git, agent_folder = self.workspace / ".git", self.workspace / "agent"
        roots = [git, agent_folder]
        roots += [self._folder / name for name in ("home", "runner_temp")]
        return {
            str(path.relative_to(self._folder)): _description(path)
            for root in roots
            for path in (root, *root.rglob("*"))
        }


def clean_job(engine: Engine, image: str, folder: Path) -> None:
    """Register an honest agent in a folder of its own, with a cache."""
    runner = Runner(engine, image, folder)
    runner.check_out(agent())
    step = runner.run({**INPUTS, **REGISTER, "timeout-minutes": "10"})
    assert step.status == 0, step.log


def is_regular_file(path: Path) -> bool:
    """Whether it is there and can be read to its end: no link, no pipe."""
    return os.path.lexists(path) and stat.S_ISREG(path.lstat().st_mode)


def _description(path: Path) -> str:
    status = path.lstat()
    writers = status.st_mode & 0o022
    content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f"of {status.st_uid}, type {stat.S_IFMT(status.st_mode):o}, +w {writers:o}, {digest}"


def _copy(source: Path, target: Path) -> None:
    """Copy a folder as `actions/cache` restores one: owners, modes and hard links stay."""
    if source.exists():
        subprocess.run([shutil.which("cp") or "cp", "-a", source, target], check=True)
