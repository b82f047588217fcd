"""The main job: a checkout goes in, a registered agent comes out."""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from mlflow.entities import LoggedModelStatus

from doubles.package_index import private_index
from doubles.runner import PULL_REQUEST, PUSH_TO_MAIN, REPOSITORY, SHA, Event, Runner
from tests.integration.conftest import ECHO, Checkout

EXAMPLES = Path(__file__).parents[2] / "examples"

PUSH_TO_BRANCH = Event("push", "refs/heads/topic", {"repository": REPOSITORY})
PUSH_OF_TAG = Event("push", "refs/tags/v2.0", {"repository": REPOSITORY})


@pytest.mark.parametrize(
    ("example", "flavor", "answer"),
    [
        ("responses", "pyfunc", "Order 1042 is shipped on Monday."),
        # Each makes an environment of its own.
        *(
            pytest.param(*case, marks=pytest.mark.exhaustive)
            for case in (
                ("chat", "pyfunc", "Monday to Friday"),
                ("pyfunc", "pyfunc", "billing"),
                ("langgraph", "langchain", "Order 1042 is shipped on Monday."),
                ("llama_index", "llama_index", "Where is order 1042?"),
            )
        ),
    ],
)
def test_registers_an_example(checkout: Checkout, example: str, flavor: str, answer: str) -> None:
    shutil.copytree(EXAMPLES / example, checkout.folder, dirs_exist_ok=True)
    agent = (EXAMPLES / example / "agent.py").read_text()

    # Everything else is found from the agent's file.
    step = checkout.run(agent, aliases="champion")

    assert step.status == 0, step.log
    assert step.result["build"]["flavor"] == flavor
    assert answer in step.result["verification"]["answer"]
    (version,) = checkout.versions()
    assert (version.status, version.aliases) == ("READY", ["champion"])
    assert step.outputs["model-uri"] == f"models:/{checkout.target}/{version.version}"
    assert step.outputs["model-uri"] in step.summary
    assert checkout.client.get_run(step.outputs["run-id"]).info.status == "FINISHED"

    files = checkout.model(step)
    model = yaml.safe_load((files / "MLmodel").read_text())
    assert model["signature"]["outputs"]
    assert model["model_id"] == step.outputs["logged-model-uri"].split("/")[-1]
    assert model["run_id"] == step.outputs["run-id"]
    resources = EXAMPLES / example / "resources.yml"
    declared = yaml.safe_load(resources.read_text())["databricks"] if resources.exists() else {}
    recorded = (model.get("resources") or {"databricks": {}})["databricks"]
    assert {kind: names(entries) for kind, entries in recorded.items()} == {
        kind: names(entries) for kind, entries in declared.items()
    }
    # Nothing of this machine: neither the checkout nor the folder in which the model was built.
    assert str(checkout.runner.workspace) not in (files / "MLmodel").read_text().replace(
        model["artifact_path"], ""
    )
    assert model["flavors"]["python_function"]["model_code_path"] == "agent.py"
    assert tempfile.gettempdir() not in step.outputs["result"]


def names(entries: list[dict[str, str]]) -> set[str]:
    return {entry["name"] for entry in entries}


@pytest.mark.exhaustive
def test_in_a_folder_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "50% #1?; größe").mkdir()
    checkout = Checkout(Runner(tmp_path / "50% #1?; größe", tmp_path / "runner_temp"), "agents")

    first = checkout.run(aliases="champion")
    again = checkout.run(aliases="champion")

    assert (first.status, again.status) == (0, 0), first.log + again.log
    assert again.outputs["reused"] == "true"
    with closing(sqlite3.connect(checkout.runner.workspace / ".log-agent/mlflow.db")) as store:
        aliases = store.execute("SELECT alias, version FROM registered_model_aliases").fetchall()
    assert aliases == [("champion", 1)]
    folders = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert folders == {"50% #1?; größe", "runner_temp"}


@pytest.mark.exhaustive
def test_says_on_the_version_where_it_comes_from(checkout: Checkout) -> None:
    step = checkout.run(aliases="sha-{short-sha}\n{branch}", tags="team = search\nbuild={run-id}")

    assert step.status == 0, step.log
    (version,) = checkout.versions()
    assert (
        version.tags.items()
        >= {
            "git_commit": SHA,
            "git_repository": "acme/agents",
            "git_ref": "refs/heads/main",
            "github_run_id": "42",
            "log_agent_version": "0.1.0",
            "team": "search",
            "build": "42",
        }.items()
    )
    assert sorted(version.aliases) == ["main", f"sha-{SHA[:7]}"]
    assert f"/acme/agents/commit/{SHA}" in str(version.description)
    run = checkout.client.get_run(step.outputs["run-id"])
    assert run.data.tags["mlflow.source.git.commit"] == SHA
    assert run.outputs
    assert run.outputs.model_outputs[0].model_id == step.outputs["logged-model-uri"].split("/")[-1]


@pytest.mark.exhaustive
def test_the_control_process_never_imports_or_calls_the_agent(checkout: Checkout) -> None:
    record = checkout.runner.temp / "processes"
    agent = ECHO.replace("        text =", '        note("call")\n        text =').replace(
        "class Echo",
        "import json, os\n"
        "def note(what):\n"
        f"    with open({str(record)!r}, 'a') as file:\n"
        "        file.write(json.dumps([what, os.getpid(), os.getppid()]) + '\\n')\n"
        "note('import')\n\n\n"
        "class Echo",
    )
    process = checkout.runner.start(checkout.inputs(agent))
    log, _ = process.communicate()
    step = checkout.runner.finished(process, log)

    assert step.status == 0, step.log
    notes = [json.loads(line) for line in record.read_text().splitlines()]
    # MLflow itself calls a ResponsesAgent once while it saves it; verify asks it once.
    assert [what for what, _, _ in notes] == ["import", "call", "import", "call"]
    (build, worker), _, (verify, same_worker), _ = [(own, parent) for _, own, parent in notes]
    assert len({process.pid, worker, build, verify}) == 4
    assert worker == same_worker


@pytest.mark.exhaustive
def test_the_models_requirements_are_the_environment_that_ran(
    checkout: Checkout, tmp_path: Path
) -> None:
    (tmp_path / "index").mkdir()
    checkout.write("base.txt", "mlflow==3.17.2\n")
    agent = ECHO + (
        "import importlib.metadata, json, pathlib\n"
        f"pathlib.Path({str(checkout.folder / 'there.json')!r}).write_text(json.dumps(\n"
        "    {d.name.lower(): d.version for d in importlib.metadata.distributions()}))\n"
    )

    with private_index(tmp_path / "index", "reader", "of-the-index") as address:
        option = f"--extra-index-url http://reader:of-the-index@{address}\n"
        checkout.write("requirements.txt", f"{option}-r base.txt\n")
        step = checkout.run(agent)

    assert step.status == 0, step.log
    assert "of-the-index" not in step.log + step.summary
    option, *pins = (checkout.model(step) / "requirements.txt").read_text().splitlines()
    assert option == f"--extra-index-url http://{address}"
    there = json.loads((checkout.folder / "there.json").read_text())
    recorded = dict(pin.split("==") for pin in pins)
    assert recorded == {
        name.replace("_", "-"): version for name, version in there.items() if name != "pip"
    }


@pytest.mark.exhaustive
def test_the_registered_model_answers_where_only_mlflow_is(checkout: Checkout) -> None:
    step = checkout.run()
    question = {"input": [{"role": "user", "content": "Is anybody there?"}]}
    program = (
        "import json, sys, mlflow\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "agent = mlflow.pyfunc.load_model(sys.argv[2])\n"
        "print(json.dumps(agent.predict(json.loads(sys.argv[3]))))\n"
    )
    store = f"sqlite:///{checkout.runner.workspace}/.log-agent/mlflow.db"
    arguments = [store, step.outputs["model-uri"], json.dumps(question)]

    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=checkout.runner.temp,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert "Is anybody there?" in done.stdout


@pytest.mark.exhaustive
def test_what_is_unchanged_can_be_registered_again(checkout: Checkout) -> None:
    first, second = (checkout.run(aliases="champion", if_unchanged="register") for _ in range(2))

    assert (first.outputs["model-version"], second.outputs["model-version"]) == ("1", "2")
    champion = checkout.client.get_model_version_by_alias(checkout.target, "champion")
    assert str(champion.version) == "2"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("event", "mode"),
    [
        (PUSH_TO_MAIN, "register"),
        (PUSH_OF_TAG, "register"),
        (PUSH_TO_BRANCH, "preview"),
        (PULL_REQUEST, "preview"),
    ],
    ids=["default branch", "tag", "branch", "pull request"],
)
def test_the_event_decides_what_is_done(checkout: Checkout, event: Event, mode: str) -> None:
    step = checkout.run(event=event)

    assert step.status == 0, step.log
    assert step.outputs["mode"] == mode
    assert len(checkout.versions()) == (mode == "register")
    assert bool(step.outputs["run-id"]) == (mode == "register")


def test_log_makes_a_logged_model_and_no_version(checkout: Checkout) -> None:
    step = checkout.run(mode="log", uc_target="")

    assert step.status == 0, step.log
    assert step.outputs["model-uri"] == step.outputs["logged-model-uri"]
    assert step.outputs["model-version"] == ""
    model = checkout.client.get_logged_model(step.outputs["logged-model-uri"].split("/")[-1])
    assert model.status == LoggedModelStatus.READY
    assert checkout.versions() == []


def test_a_preview_writes_nothing_and_needs_no_store(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    checkout = Checkout(Runner(workspace, tmp_path / "runner_temp"), "agent")
    inputs = checkout.inputs(tracking_uri="", cache_dir="")
    before = {path: path.is_file() and path.read_bytes() for path in workspace.rglob("*")}
    checkout.runner.event = PULL_REQUEST

    step = checkout.runner.run(inputs)

    assert step.status == 0, step.log
    assert before == {path: path.is_file() and path.read_bytes() for path in workspace.rglob("*")}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (Event("pull_request", "refs/pull/7/merge", {"action": "closed"}), "closed"),
        (Event("push", "refs/heads/topic", {"deleted": True}), "deleted"),
        (Event("release", "refs/tags/v1", {"action": "edited"}), "edited"),
    ],
)
def test_nothing_to_do_is_no_failure(checkout: Checkout, event: Event, why: str) -> None:
    step = checkout.run(event=event)

    assert step.status == 0
    assert why in step.summary
    assert step.outputs["model-uri"] == ""
    assert checkout.versions() == []


@pytest.mark.exhaustive
def test_a_path_of_the_runners_host_is_understood(checkout: Checkout) -> None:
    step = checkout.run(
        mode="preview",
        agent_path=f"/home/runner/work/agents/agents/{checkout.name}/agent.py",
        env={"RUNNER_WORKSPACE": "/home/runner/work/agents"},
    )

    assert step.status == 0, step.log
    assert step.result["agent"] == f"{checkout.name}/agent.py"
