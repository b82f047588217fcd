"""`python -m benchmarks`: who is faster, and by how much; README.md explains it."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

from uv import find_uv_bin

from benchmarks import container, store, table
from benchmarks.contestants import Contest, Run
from benchmarks.scenario import SCENARIOS, Scenario

_FOLDER = Path(".log-agent/bench")


def main() -> None:
    """Run the scenarios that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted ones, after one that isn't")
    parser.add_argument("--only", nargs="*", default=["*"], help="scenarios: small-* cold-*")
    parser.add_argument("--skip", nargs="*", default=[], help="scenarios")
    parser.add_argument("--who", nargs="*", default=["*"], help="contestants: register driver")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    asked = parser.parse_args()
    chosen = [
        scenario
        for scenario in SCENARIOS
        if _fits(scenario.name, asked.only) and not _fits(scenario.name, asked.skip)
    ]
    program = _program()
    figures: dict[str, object] = {}
    for scenario in chosen:
        contestants = [who for who in scenario.contestants if _fits(who, asked.who)]
        runs = _measured(scenario, contestants, asked.runs, program)
        print(*table.lines(scenario, runs), sep="\n", flush=True)
        figures[scenario.name] = runs
    if _fits(container.NAME, asked.only) and not _fits(container.NAME, asked.skip):
        seconds = container.measured(asked.runs)
        print(*table.container_lines(seconds), sep="\n", flush=True)
        figures[container.NAME] = seconds
    if asked.json:
        machine = {"cpus": os.cpu_count(), "platform": platform.platform(), "python": sys.version}
        content = {"machine": machine, "scenarios": figures}
        asked.json.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _program() -> Path:
    """Install log-agent as the image has it: what it needs and no more, compiled."""
    environment = _FOLDER.resolve() / "program"
    subprocess.run(
        [
            *(find_uv_bin(), "sync", "--locked", "--no-dev", "--no-editable", "--quiet"),
            *("--compile-bytecode", "--reinstall-package=log-agent"),
        ],
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment)},
        check=True,
    )
    return environment / "bin" / "python"


def _measured(
    scenario: Scenario, contestants: list[str], number: int, program: Path
) -> dict[str, list[Run]]:
    """The contestants in turn, `number` times, after a round that makes what is to be there."""
    checkout = _FOLDER.resolve() / "checkout"
    checkout.mkdir(parents=True, exist_ok=True)
    for left in checkout.iterdir():
        if left.is_dir() and not left.name.startswith(".cache-"):
            shutil.rmtree(left)
    runs: dict[str, list[Run]] = defaultdict(list)
    with (
        tempfile.TemporaryDirectory(dir=_FOLDER) as temp,
        store.opened(scenario.store, checkout, Path(temp, "workspace").resolve()) as opened,
    ):
        contest = Contest(scenario, opened, checkout, Path(temp).resolve(), program)
        for round_ in range(number + 1):
            for who in contestants:
                run = contest.run(who)
                print(f"{scenario.name} {who} {run['seconds']:.2f} s", file=sys.stderr, flush=True)
                if round_ > 0:
                    runs[who].append(run)
    return runs


def _fits(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


main()
