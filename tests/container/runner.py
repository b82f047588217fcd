"""GitHub's runner, as far as a container action can tell.

https://github.com/actions/runner/blob/main/src/Runner.Worker/Handlers/ContainerActionHandler.cs
"""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from doubles.runner import PUSH_TO_MAIN, REPOSITORY, Event, Step, read_outputs
from tests.container.engine import ROOT, Engine

# The account of a hosted runner; only root can make folders for it.
OWNER = 1001 if os.getuid() == 0 else os.getuid()


class Running:
    """A container action under way."""

    def __init__(self, engine: Engine, name: str, process: subprocess.Popen[bytes]) -> None:
        self._engine = engine
        self._process = process
        self.name = name

    @property
    def ended(self) -> bool:
        """Whether the container has ended."""
        return self._process.poll() is not None

    def wait(self) -> int:
        """Wait for the container's end; its exit status."""
        return self._process.wait()

    def end(self) -> None:
        """Leave no container behind, whatever became of the test."""
        self._process.kill()
        self._process.wait()
        self._engine.docker("rm", "--force", "--volumes", self.name, check=False)


class Runner:
    """One job: its folders on the host, and the steps that run in them."""

    def __init__(self, engine: Engine, image: str, folder: Path) -> None:
        self._engine = engine
        self._image = image
        self._folder = folder
        self._log = folder / "log"
        self._mounts = {
            f"/github/{name}": folder / name
            for name in ("workspace", "home", "workflow", "file_commands", "runner_temp")
        }
        for host in self._mounts.values():
            host.mkdir()
        self.workspace = folder / "workspace"
        # Every worker of the test session has a folder of that name.
        self.container = f"log-agent-{folder.parent.name}-{folder.name}"
        self.command_files = folder / "file_commands"
        # No test speaks to GitHub, unless it puts a stand-in here.
        self.api_url = "https://api.github.invalid"
        self._sha = ""
        self._running: Running | None = None

    @property
    def mounted(self) -> set[str]:
        """The folders that the action finds in its container."""
        return set(self._mounts)

    def check_out(self, files: Mapping[str, str]) -> None:
        """Put files and a commit in the workspace."""
        self._sha = commit(self.workspace, files)
        # Last, for git works in nobody else's folder.
        _give(self._folder)

    def open_folder(self) -> Path:
        """Make a folder in the workspace into which every account may write."""
        folder = self.workspace / "open"
        folder.mkdir()
        folder.chmod(0o777)
        return folder

    def run(
        self,
        inputs: Mapping[str, str],
        env: Mapping[str, str] | None = None,
        event: Event = PUSH_TO_MAIN,
        options: Sequence[str] = ("--rm",),
    ) -> Step:
        """Run the action as a step; `env` is the job's and the step's, `options` are Docker's."""
        status = self.start(inputs, env, event, options).wait()
        return Step(
            status=status,
            log=self._log.read_text(),
            outputs=read_outputs(self._command_file("set_output").read_text()),
            summary=self._command_file("step_summary").read_text(),
        )

    def start(
        self,
        inputs: Mapping[str, str],
        env: Mapping[str, str] | None = None,
        event: Event = PUSH_TO_MAIN,
        options: Sequence[str] = ("--rm",),
    ) -> Running:
        """Start the action as a step."""
        (self._folder / "workflow/event.json").write_text(json.dumps(event.payload))
        files = {
            "GITHUB_ENV": "set_env",
            "GITHUB_OUTPUT": "set_output",
            "GITHUB_PATH": "add_path",
            "GITHUB_STATE": "save_state",
            "GITHUB_STEP_SUMMARY": "step_summary",
        }
        for file in files.values():
            self._command_file(file).write_text("")
            os.chown(self._command_file(file), OWNER, OWNER if os.getuid() == 0 else -1)
        variables = {
            **(env or {}),
            **_inputs(inputs),
            **self._variables(event),
            **{name: f"/github/file_commands/{file}" for name, file in files.items()},
        }
        process = self._engine.start(
            self._log,
            *options,
            "--pull=never",
            f"--name={self.container}",
            "--workdir=/github/workspace",
            *(f"--env={variable}={value}" for variable, value in variables.items()),
            f"--volume={self._engine.socket}:/var/run/docker.sock",
            *(f"--volume={host}:{inside}" for inside, host in self._mounts.items()),
            self._image,
        )
        self._running = Running(self._engine, self.container, process)
        return self._running

    def end(self) -> None:
        """End what still runs, and take back what root made in the folders."""
        if self._running:
            self._running.end()
        self._engine.docker(
            *("run", "--rm", "--pull=never", "--entrypoint=chown"),
            *(f"--volume={self._folder}:/job", self._image),
            *("--recursive", f"{os.getuid()}:{os.getgid()}", "/job"),
        )

    def _command_file(self, name: str) -> Path:
        return self.command_files / name

    def _variables(self, event: Event) -> dict[str, str]:
        return {
            "CI": "true",
            "HOME": "/github/home",
            "GITHUB_API_URL": self.api_url,
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": "octocat",
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_JOB": "log",
            "GITHUB_REF": event.ref,
            "GITHUB_REF_NAME": event.ref.split("/", 2)[2],
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_REPOSITORY": REPOSITORY["full_name"],
            "GITHUB_REPOSITORY_OWNER": REPOSITORY["full_name"].partition("/")[0],
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "4711",
            "GITHUB_RUN_NUMBER": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self._sha,
            "GITHUB_WORKFLOW": "agents",
            "GITHUB_WORKSPACE": "/github/workspace",
            "RUNNER_ARCH": "X64",
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": "/github/runner_temp",
        }


def commit(folder: Path, files: Mapping[str, str]) -> str:
    """Make a folder a repository with these files in one commit; its SHA."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message=An agent")
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=octocat", "-c", "user.email=octocat@example.org")
    return subprocess.run(
        ["git", *person, *arguments],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.strip()


def _give(folder: Path) -> None:
    """Give a folder to the runner's account."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, OWNER, OWNER if os.getuid() == 0 else -1, follow_symlinks=False)


def _inputs(given: Mapping[str, str]) -> dict[str, str]:
    """Every input of action.yml, as the runner passes them: given, else its default, else empty."""
    declared = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    unknown = given.keys() - declared.keys()
    assert not unknown, f"action.yml has no input {unknown}"
    # A default that is an expression is GitHub's token: a test that wants one gives it.
    defaults = {name: str(of.get("default", "")) for name, of in declared.items()}
    texts = {name: "" if "${{" in text else text for name, text in defaults.items()}
    texts.update(given)
    return {f"INPUT_{name.upper().replace(' ', '_')}": text for name, text in texts.items()}
