"""A stand-in for GitHub's runner: it calls the program as a step of a job does.

`python -m doubles.runner --agent-path examples/responses/agent.py …` runs the main job on the
checkout in the working directory: that is what `make run` does.
"""

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_ACTION = Path(__file__).parents[1] / "action.yml"
# Variables that only the step's own `env:` and the runner set.
_OF_A_STEP = ("GITHUB_", "INPUT_", "RUNNER_", "MLFLOW_", "DATABRICKS_", "PIP_")
SHA = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"
REPOSITORY = {"full_name": "acme/agents", "default_branch": "main"}


@dataclass(frozen=True)
class Event:
    """What started the workflow."""

    name: str
    ref: str
    payload: Mapping[str, Any]


PUSH_TO_MAIN = Event(
    "push", "refs/heads/main", {"ref": "refs/heads/main", "repository": REPOSITORY}
)
PULL_REQUEST = Event(
    "pull_request",
    "refs/pull/7/merge",
    {
        "action": "synchronize",
        "repository": REPOSITORY,
        "pull_request": {
            "number": 7,
            "head": {"sha": "f" * 40, "ref": "feature/tone", "repo": REPOSITORY},
        },
    },
)


@dataclass
class Step:
    """A step that has run: what the runner and the next step see of it."""

    status: int
    log: str
    outputs: dict[str, str]
    summary: str

    @property
    def result(self) -> dict[str, Any]:
        """The `result` output."""
        result: dict[str, Any] = json.loads(self.outputs["result"])
        return result

    def commands(self, name: str) -> list[str]:
        """The workflow commands that the runner would obey: those that no fence encloses."""
        found, fence = [], ""
        for line in self.log.splitlines():
            if fence:
                fence = "" if line.strip() == f"::{fence}::" else fence
            elif line.lstrip().startswith("::stop-commands::"):
                fence = line.strip().removeprefix("::stop-commands::")
            # The older form is obeyed anywhere in a line.
            elif line.lstrip().startswith((f"::{name} ", f"::{name}::")) or f"##[{name}" in line:
                found.append(line)
        return found


@dataclass
class Runner:
    """Runs steps in one workspace; every step has command files and a temporary folder."""

    workspace: Path
    temp: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    event: Event = PUSH_TO_MAIN
    program: Sequence[str] = (sys.executable, "-I", "-m", "entrypoint")

    def run(self, inputs: Mapping[str, str], *, env: Mapping[str, str] | None = None) -> Step:
        """Run the step to its end."""
        process = self.start(inputs, env=env)
        log, _ = process.communicate()
        return self.finished(process, log)

    def start(
        self, inputs: Mapping[str, str], *, env: Mapping[str, str] | None = None, live: bool = False
    ) -> subprocess.Popen[str]:
        """Start the step; `live` leaves its log on the terminal."""
        self.temp.mkdir(exist_ok=True)
        for file in ("output", "summary"):
            (self.temp / file).write_text("")
        (self.temp / "event.json").write_text(json.dumps(self.event.payload))
        variables = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": self.event.name,
            "GITHUB_EVENT_PATH": str(self.temp / "event.json"),
            "GITHUB_JOB": "log",
            "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_REF": self.event.ref,
            "GITHUB_REPOSITORY": REPOSITORY["full_name"],
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "42",
            "GITHUB_SHA": SHA,
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_NAME": "runner 1",
            "RUNNER_TEMP": str(self.temp),
            **{f"INPUT_{name.upper()}": text for name, text in inputs.items()},
        }
        machine = {
            name: value for name, value in os.environ.items() if not name.startswith(_OF_A_STEP)
        }
        return subprocess.Popen(
            self.program,
            cwd=self.workspace,
            env={**machine, **variables, **self.environ, **(env or {})},
            stdout=None if live else subprocess.PIPE,
            stderr=None if live else subprocess.STDOUT,
            text=True,
        )

    def finished(self, process: "subprocess.Popen[str]", log: str = "") -> Step:
        """What a step that has ended leaves to the runner."""
        status = process.wait()
        outputs = read_outputs((self.temp / "output").read_text(encoding="utf-8"))
        summary = (self.temp / "summary").read_text(encoding="utf-8")
        return Step(status, log, outputs, summary)


def read_outputs(text: str) -> dict[str, str]:
    """Read GITHUB_OUTPUT as the runner does: `name<<DELIMITER`, lines, `DELIMITER`."""
    blocks = re.findall(r"^([^\n<]+)<<([^\n]+)\n(.*?)\n?^\2$", text, flags=re.DOTALL | re.MULTILINE)
    return {name: value for name, _, value in blocks}


def main() -> int:
    """Run one step with the inputs of the command line, and show what the runner gets."""
    declared = yaml.safe_load(_ACTION.read_text(encoding="utf-8"))["inputs"]
    parser = argparse.ArgumentParser(prog="python -m doubles.runner", description=__doc__)
    for name, about in declared.items():
        shown = about["description"].replace("%", "%%")
        parser.add_argument(f"--{name}", dest=name, metavar="TEXT", help=shown)
    given = vars(parser.parse_args())
    inputs = {name: text for name, text in given.items() if text is not None}
    with tempfile.TemporaryDirectory() as temp:
        runner = Runner(Path.cwd(), Path(temp), {"GITHUB_ACTIONS": "false"})
        process = runner.start(inputs, live=True)
        signal.signal(signal.SIGINT, lambda *_: None)  # the step gets it too, and tidies up
        step = runner.finished(process)
    print("\n== Step outputs")
    for name, value in step.outputs.items():
        print(f"{name}={value[:100]}{'…' * (len(value) > 100)}")
    print("\n== Job summary\n")
    print(step.summary)
    if step.status == 0 and inputs.get("tracking-uri") == "embedded":
        store = f"sqlite:///{Path.cwd()}/.log-agent/mlflow.db"
        ui = [str(Path(sys.executable).with_name("mlflow")), "ui", "--backend-store-uri", store]
        print(f"== To look at it in MLflow's UI\n\n{shlex.join(ui)}\n")
    return step.status


if __name__ == "__main__":
    sys.exit(main())
