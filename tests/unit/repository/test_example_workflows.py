"""The workflows that people paste: valid, safe, and with inputs that there are."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from entrypoint.inputs.declarations import INPUTS
from entrypoint.report.result import Result

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / ".github/workflows/examples").glob("*.yml"))
NAMES = [path.stem for path in EXAMPLES]


def steps(path: Path) -> list[dict[str, Any]]:
    """The steps of every job."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def ours(path: Path) -> list[dict[str, Any]]:
    return [step for step in steps(path) if step.get("uses", "").startswith("org/log-agent@")]


def test_there_is_one_for_each_way_to_work() -> None:
    ways = {"preview", "fork-preview", "fork-comment", "register", "monorepo", "promote", "deploy"}
    assert ways <= set(NAMES)


def test_they_are_workflows() -> None:
    schema = ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"]
    command = [str(Path(sys.executable).with_name(schema[0])), *schema[1:], *map(str, EXAMPLES)]

    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


def test_they_are_safe() -> None:
    zizmor = str(Path(sys.executable).with_name("zizmor"))
    options = ["--offline", "--persona=pedantic", "--config", str(ROOT / ".github/zizmor.yml")]

    checked = subprocess.run(
        [zizmor, *options, *map(str, EXAMPLES)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_each_gives_inputs_that_there_are(path: Path) -> None:
    assert ours(path), "the example doesn't use log-agent"
    for step in ours(path):
        assert set(step["with"]) <= {declared.name for declared in INPUTS}
        # YAML reads a bare `off` as false, and some readers do so too.
        assert all(isinstance(value, str) for value in step["with"].values())


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_each_takes_outputs_that_there_are(path: Path) -> None:
    taken = re.findall(r"outputs\.([\w-]+)", path.read_text(encoding="utf-8"))

    assert set(taken) <= set(Result().outputs)


def client_id(text: str, event: str) -> str:
    """The value of an expression of the one form that is used here, else the text itself."""
    form = r"\$\{\{ github\.ref == 'refs/heads/main' && (\S+) \|\| (\S+) \}\}"
    chosen = re.fullmatch(form, text)
    return (chosen[2 if event == "pull_request" else 1].strip("'")) if chosen else text


def logins(workflow: dict[Any, Any], event: str) -> set[str]:
    """The principals of log-agent's steps in a workflow, on an event on which it runs."""
    if event not in workflow[True]:  # `on`, to YAML
        return set()
    found = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = [step["env"] for step in found if "log-agent@" in step.get("uses", "") and "env" in step]
    return {client_id(env["DATABRICKS_CLIENT_ID"], event) for env in used}


def test_pull_requests_have_a_principal_of_their_own() -> None:
    """With it their code runs; the statements for both are in the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", readme, flags=re.DOTALL | re.MULTILINE)
    shown = [yaml.safe_load(block) for block in blocks if "\njobs:" in block]
    pasted = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in EXAMPLES]
    for workflows, number in ((shown, 1), (pasted, 2)):
        of_pulls = [logins(workflow, "pull_request") for workflow in workflows]
        of_pulls = [found for found in of_pulls if found]
        others = [logins(each, event) for each in workflows for event in ("push", "release")]

        assert len(of_pulls) == number
        assert len(set().union(*of_pulls)) == 1
        assert not set().union(*of_pulls) & set().union(*others)
        assert set().union(*others)

    reader, writer = "11111111-1111-1111-1111-111111111111", "00000000-0000-0000-0000-000000000000"
    grants = re.findall(r"^GRANT (.*) ON \w+ \S+ TO `(.*)`;", readme, flags=re.MULTILINE)
    assert [what for what, who in grants if who == reader] == [
        "USE CATALOG",
        "USE SCHEMA",
        "EXECUTE",
    ]
    assert [what for what, who in grants if who == writer] == [
        "USE CATALOG",
        "USE SCHEMA, CREATE MODEL",
    ]


def test_what_is_deployed_is_the_script_that_is_shown() -> None:
    (path,) = (path for path in EXAMPLES if path.stem == "deploy")
    (step,) = (step for step in steps(path) if "serving_endpoint.py" in step.get("run", ""))
    script = (ROOT / "examples/deploy/serving_endpoint.py").read_text(encoding="utf-8")

    read = re.findall(r"os\.environ\[\"(\w+)\"\]", script)

    assert sorted(read) == ["MODEL_NAME", "MODEL_VERSION"]
    assert set(read) <= set(step["env"])


def test_who_comments_for_a_fork_runs_none_of_its_code() -> None:
    (path,) = (path for path in EXAMPLES if path.stem == "fork-comment")

    used = [step["uses"].partition("@")[0] for step in steps(path)]

    assert used == ["actions/download-artifact", "org/log-agent"]
    assert "agent-path" not in ours(path)[0]["with"]


def test_a_fork_s_preview_can_write_nothing() -> None:
    (path,) = (path for path in EXAMPLES if path.stem == "fork-preview")

    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()

    assert [job["permissions"] for job in jobs] == [{"contents": "read"}]
    assert "secrets." not in path.read_text(encoding="utf-8")
