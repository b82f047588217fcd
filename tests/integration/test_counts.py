"""What a job costs, in things that can be counted: a slow machine changes none of them.

Requests to a workspace are counted in `test_databricks.py`.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from doubles.databricks import USER, Workspace
from doubles.runner import PULL_REQUEST, PUSH_TO_MAIN, Event
from tests.integration.conftest import ECHO, Checkout

pytestmark = pytest.mark.exhaustive

# The program, with what CPython says of it: https://docs.python.org/3/library/audit_events.html
AUDITED = """
import json, os, runpy, sys

events = open(os.environ["EVENTS"], "w")

def hook(event, arguments):
    if event == "subprocess.Popen":
        events.write(json.dumps([event, [str(each) for each in arguments[1]]]) + "\\n")
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        events.write(json.dumps([event, os.fsdecode(arguments[0])]) + "\\n")
    events.flush()

sys.addaudithook(hook)
runpy.run_module("entrypoint", run_name="__main__", alter_sys=True)
"""
COUNTING = ECHO.replace(
    "        text =",
    "        open(os.environ['AGENT_CALLS'], 'a').write('called\\n')\n        text =",
).replace("import mlflow\n", "import os\n\nimport mlflow\n", 1)
DATA = b"0123456789abcdef" * 4096


@dataclass
class Cost:
    """What one job did."""

    programs: list[list[str]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    calls: int = 0

    def loaded(self, *packages: str) -> list[str]:
        """Which of the packages were imported: their code was read."""
        return [
            package
            for package in packages
            if any(f"/site-packages/{package}/__" in path for path in self.opened)
        ]

    def started(self, part: str) -> int:
        """How many programs were started with an argument that has this part."""
        return sum(any(part in each for each in argv) for argv in self.programs)


def cost(
    checkout: Checkout,
    given: Mapping[str, str],
    *,
    event: Event = PUSH_TO_MAIN,
    env: Mapping[str, str] | None = None,
) -> Cost:
    """Run a job, and count."""
    checkout.runner.program = (sys.executable, "-I", "-c", AUDITED)
    events, calls = (checkout.folder.parent / f".{checkout.name}-{n}" for n in ("events", "calls"))
    calls.write_text("")
    found = {"EVENTS": str(events), "AGENT_CALLS": str(calls)}
    step = checkout.run(COUNTING, given, event=event, env={**found, **(env or {})})
    assert step.status == 0, step.log
    seen = Cost(calls=len(calls.read_text().splitlines()))
    for line in events.read_text().splitlines():
        event_name, what = json.loads(line)
        if event_name == "subprocess.Popen":
            # `platform` asks `uname`, for whoever imports it.
            seen.programs += [what] if what[0] != "uname" else []
        else:
            seen.opened.append(what)
    return seen


@pytest.fixture
def given(checkout: Checkout) -> dict[str, str]:
    """Inputs of an agent with an artifact, whose environment is there."""
    (checkout.folder / "data.bin").write_bytes(DATA)
    message = {"input": [{"role": "user", "content": "Hello"}]}
    given = {
        "input-example": checkout.write("example.json", json.dumps(message)),
        "artifacts": f"data={checkout.name}/data.bin",
    }
    step = checkout.run(given={**given, "if-unchanged": "register"}, mode="preview")
    assert step.status == 0, step.log
    return given


def test_a_register(checkout: Checkout, given: dict[str, str]) -> None:
    seen = cost(checkout, given)

    # Asking the interpreter who it is, resolving, and the worker.
    assert len(seen.programs) == 3, seen.programs
    assert seen.started("agent/worker") == 1
    assert seen.started("compile") == 1
    assert seen.calls <= 2
    assert seen.loaded("mlflow")
    # Seconds of imports, of which nothing here needs any.
    assert seen.loaded("databricks/sdk", "pandas", "boto3", "azure/storage") == []
    reads = Counter(Path(path).name for path in seen.opened)
    # The checkout's and the model's digests, the search for secrets, and to and fro the private
    # copy and the store's.
    assert reads["data.bin"] <= 7, "\n".join(path for path in seen.opened if "data.bin" in path)


def test_a_register_that_is_known(checkout: Checkout, given: dict[str, str]) -> None:
    cost(checkout, given)

    seen = cost(checkout, given)

    assert len(seen.programs) == 3, seen.programs
    assert seen.calls == 0
    assert seen.loaded("databricks/sdk", "pandas") == []
    assert [path for path in seen.opened if path.endswith("data.bin")] == [
        str(checkout.folder / "data.bin")
    ]


def test_a_preview(checkout: Checkout, given: dict[str, str], tmp_path: Path) -> None:
    with Workspace(tmp_path / "databricks") as databricks:
        databricks.catalog.create("prod.agents", USER)
        at_databricks = {**given, "tracking-uri": "databricks"}
        cost(checkout, at_databricks, env=databricks.env)
        before = len(databricks.calls)
        checkout.write("prompt.txt", "Be brief.")

        seen = cost(
            checkout,
            {**at_databricks, "artifacts": f"prompt={checkout.name}/prompt.txt"},
            event=PULL_REQUEST,
            env=databricks.env,
        )

        assert len(databricks.calls) - before <= 12
        assert databricks.violations == []
    assert len(seen.programs) == 3, seen.programs
    assert seen.calls <= 2
    assert seen.loaded("pandas", "sqlalchemy/orm", "boto3") == []


def test_what_is_installed_is_not_looked_at(checkout: Checkout, given: dict[str, str]) -> None:
    """MLflow would hold every requirement against it, twice; the environment is made from them."""
    looks = checkout.folder / ".looks"
    watching = ECHO.replace(
        "import mlflow\n",
        f"""import sys

import mlflow


def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".dist-info/METADATA"):
        with open({str(looks)!r}, "a") as looks:
            looks.write(f"{{arguments[0]}}\\n")


sys.addaudithook(hook)
""",
        1,
    )

    step = checkout.run(watching, given)

    assert step.status == 0, step.log
    looked_at = looks.read_text().splitlines() if looks.exists() else []
    assert len(looked_at) <= 2, looked_at
