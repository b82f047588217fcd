"""Who runs: log-agent in its modes, the driver script, and the floor."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.process import measured
from benchmarks.scenario import Scenario
from benchmarks.store import Store
from doubles.runner import PULL_REQUEST, PUSH_TO_MAIN, Runner, read_outputs

_HERE = Path(__file__).parent
_FLAVORS = {"small": "pyfunc", "langgraph": "langchain"}
_PIECE = 1 << 20
# What would steer the interpreter or MLflow.
_WITHHELD = ("PYTHON", "MLFLOW_", "DATABRICKS_")
# PyPI lets its pages be kept for ten minutes and its files for ever. Mirrors may not say so, and uv
# would fetch all of them again for every run.
_AS_PYPI_SAYS = """\
[[index]]
url = "https://pypi.org/simple"
default = true
cache-control = { api = "max-age=600", files = "max-age=365000000, immutable" }
"""

Run = dict[str, Any]


@dataclass
class Contest:
    """One agent's folder in a checkout, which each contestant takes to the store."""

    scenario: Scenario
    store: Store
    checkout: Path
    temp: Path
    python: Path
    """The interpreter in whose environment log-agent is."""
    _changes: int = field(default=0)

    def __post_init__(self) -> None:
        scenario = self.scenario
        self.folder = self.checkout / scenario.name
        self.calls = self.temp / "calls"
        settings = self.temp / "uv.toml"
        settings.write_text(_AS_PYPI_SAYS, encoding="utf-8")
        shutil.copytree(_HERE / "agents" / scenario.agent, self.folder)
        self._runner = Runner(
            self.checkout,
            self.temp / "runner",
            {**self.store.environ, "UV_CONFIG_FILE": str(settings)},
            program=(str(self.python), "-I", "-u", "-m", "entrypoint"),
        )
        self._cache = f".cache-{scenario.agent}"
        self._name = scenario.name.replace("-", "_")
        for number in range(scenario.files):
            module = self.folder / f"lib/package_{number % 100}/module_{number}.py"
            module.parent.mkdir(parents=True, exist_ok=True)
            module.write_text(f"NUMBER = {number}\n" * 50, encoding="utf-8")
        if scenario.megabytes:
            with (self.folder / "data.bin").open("wb") as data:
                for _ in range(scenario.megabytes):
                    data.write(os.urandom(_PIECE))

    def run(self, contestant: str) -> Run:
        """Run one contestant; what it took, with the workspace's requests and the agent's calls.

        Raises:
            RuntimeError: it failed, with what it printed.

        """
        run: dict[str, Callable[[], Run]] = {
            "register": self._register,
            "reuse": lambda: self._log_agent(mode="register"),
            "preview": self._preview,
            "driver": self._driver,
            "driver-pinned": lambda: self._driver(pip_requirements="requirements.txt"),
            "floor": self._floor,
        }
        self.calls.write_text("")
        requests = self.store.requests
        measures = run[contestant]()
        return {
            **measures,
            "requests": self.store.requests - requests,
            "calls": len(self.calls.read_text()),
        }

    def _change(self) -> None:
        """Another commit: another digest."""
        self._changes += 1
        with (self.folder / "agent.py").open("a", encoding="utf-8") as agent:
            agent.write(f"# change {self._changes}\n")

    def _register(self) -> Run:
        self._change()
        if self.scenario.is_cold:
            shutil.rmtree(self.checkout / self._cache, ignore_errors=True)
        return self._log_agent(mode="register")

    def _preview(self) -> Run:
        self._change()
        return self._log_agent(mode="preview")

    def _log_agent(self, mode: str) -> Run:
        scenario, name = self.scenario, self.scenario.name
        inputs = {
            "agent-path": f"{name}/agent.py",
            "uc-target": f"prod.agents.{self._name}",
            "input-example": f"{name}/input_example.json",
            "cache-dir": self._cache,
            "comment": "off",
            **({"code-paths": f"{name}/lib"} if scenario.files else {}),
            **({"artifacts": f"data={name}/data.bin"} if scenario.megabytes else {}),
            **self.store.inputs,
        }
        self._runner.event = PULL_REQUEST if mode == "preview" else PUSH_TO_MAIN
        usage, status, log = measured(
            lambda: self._runner.start(inputs, env={"AGENT_CALLS": str(self.calls)})
        )
        outputs = (self.temp / "runner" / "output").read_text(encoding="utf-8")
        _check(status, log)
        return {**asdict(usage), "stages": _stages(outputs)}

    def _driver(self, **more: object) -> Run:
        scenario = self.scenario
        if scenario.files:
            more["code_paths"] = ["lib"]
        if scenario.megabytes:
            more["artifacts"] = {"data": "data.bin"}
        given = {
            "tracking": self.store.tracking,
            "registry": self.store.registry,
            "experiment": "/Shared/driver",
            "name": f"prod.agents.{self._name}_driver",
            "flavor": _FLAVORS[scenario.agent],
            "more": more,
        }
        driver = [str(_HERE / "driver.py"), json.dumps(given)]
        if not scenario.is_cold:
            return self._script([str(self._of_agent), *driver])
        # As in a workflow step: packages go into an interpreter that is there.
        environment = self.temp / "pip"
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        python = str(environment / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        installed = self._script([*pip, "--requirement=requirements.txt"])
        ran = self._script([python, *driver])
        return {
            "seconds": installed["seconds"] + ran["seconds"],
            "cpu": installed["cpu"] + ran["cpu"],
            "peak": max(installed["peak"], ran["peak"]),
            "stages": {"pip install": installed["seconds"], "the script": ran["seconds"]},
        }

    def _floor(self) -> Run:
        path = self.temp / "floor"
        shutil.rmtree(path, ignore_errors=True)
        given = {"path": str(path), "flavor": _FLAVORS[self.scenario.agent]}
        return self._script([str(self._of_agent), str(_HERE / "floor.py"), json.dumps(given)])

    @property
    def _of_agent(self) -> Path:
        """The agent's environment, which log-agent made."""
        made = (self.checkout / self._cache).glob("environments/*/bin/python")
        return max(made, key=lambda python: python.lstat().st_mtime)

    def _script(self, argv: Sequence[str]) -> Run:
        environ = {
            **{name: text for name, text in os.environ.items() if not name.startswith(_WITHHELD)},
            **self.store.environ,
            "AGENT_CALLS": str(self.calls),
            # log-agent asks for it too; MLflow does by itself on GitHub's runners.
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        usage, status, printed = measured(
            lambda: subprocess.Popen(
                argv,
                cwd=self.folder,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        _check(status, printed)
        return asdict(usage)


def _check(status: int, printed: str) -> None:
    if status:
        raise RuntimeError(printed)


def _stages(outputs: str) -> dict[str, float]:
    """Seconds by the name of the stage."""
    result = json.loads(read_outputs(outputs)["result"])
    return {stage["name"]: stage["seconds"] for stage in result["stages"]}
