"""What only the container can promise: accounts, files and signals."""

import json
import time
from pathlib import Path

import pytest

from doubles.runner import PULL_REQUEST
from tests.container.engine import ROOT, Engine
from tests.container.runner import OWNER, Runner

pytestmark = pytest.mark.exhaustive

RESPONSES = ROOT / "examples/responses"
AGENT = {
    "agent-path": "agent/agent.py",
    "input-example": "agent/input_example.json",
    "model-config": "agent/config.yml",
}


def responses(addition: str = "") -> dict[str, str]:
    """The example's files, its agent with an addition."""
    files = {
        f"agent/{path.name}": path.read_text() for path in RESPONSES.iterdir() if path.is_file()
    }
    files["agent/agent.py"] += addition
    return files


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): b"" if path.is_dir() else path.read_bytes()
        for path in folder.rglob("*")
    }


def test_registers_and_leaves_only_its_store_behind(runner: Runner) -> None:
    runner.check_out(responses())
    before = contents(runner.workspace)

    step = runner.run(
        {**AGENT, "tracking-uri": "embedded", "uc-target": "prod.agents.support"},
    )

    assert step.status == 0, step.log
    assert step.outputs["model-uri"] == "models:/prod.agents.support/1"
    assert step.outputs["model-version"] == "1"
    for name in ("model-name", "logged-model-uri", "run-id", "experiment-id"):
        assert step.outputs[name], name
    assert "models:/prod.agents.support/1" in step.summary
    after = contents(runner.workspace)
    assert {name: after[name] for name in before} == before
    assert {Path(name).parts[0] for name in after.keys() - before.keys()} == {".log-agent"}
    assert {path.stat().st_uid for path in runner.workspace.rglob("*")} == {OWNER}


def test_a_preview_leaves_nothing_behind(runner: Runner) -> None:
    runner.check_out(responses())
    before = contents(runner.workspace)

    step = runner.run(AGENT, event=PULL_REQUEST)

    assert step.status == 0, step.log
    assert step.outputs["mode"] == "preview"
    assert contents(runner.workspace) == before


def test_the_images_own_files_may_be_read_only(runner: Runner) -> None:
    runner.check_out(responses())

    step = runner.run(
        {**AGENT, "tracking-uri": "embedded", "uc-target": "prod.agents.support"},
        options=("--rm", "--read-only", "--tmpfs=/tmp"),
    )

    assert step.status == 0, step.log
    assert step.outputs["model-uri"] == "models:/prod.agents.support/1"


def test_nothing_is_written_into_the_images_own_files(runner: Runner, engine: Engine) -> None:
    runner.check_out(responses())

    step = runner.run(AGENT, event=PULL_REQUEST, options=())

    assert step.status == 0, step.log
    changed = {line[2:] for line in engine.docker("diff", runner.container).stdout.splitlines()}
    # Docker's own: the places at which the runner's folders and the socket are mounted.
    mounted = {"/run", "/run/docker.sock", "/github", *runner.mounted}
    assert changed <= mounted, changed - mounted


def test_the_checkout_is_never_imported_with_the_jobs_secrets(runner: Runner) -> None:
    hostile = """
import os
if os.getuid() == 0:
    open("/github/workspace/imported-by-root", "a").write(f"{__name__} by {os.getpid()}\\n")
"""
    modules = ("json.py", "mlflow/__init__.py", "sitecustomize.py", "yaml.py")
    runner.check_out({**responses(), **dict.fromkeys(modules, hostile)})
    before = contents(runner.workspace)

    step = runner.run({**AGENT, "mode": "preview"})

    assert step.status == 0, step.log
    assert contents(runner.workspace) == before


# What an untrusted program may not do, tried at import and written down where the test finds it.
PROBE = """
import os, pathlib, socket
def attempt(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"
def connect():
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("/var/run/docker.sock")
pathlib.Path(f"/github/workspace/open/{os.getpid()}").write_text(json.dumps({
    "ids": sorted({*os.getresuid(), *os.getresgid(), *os.getgroups()}),
    "environ": dict(os.environ),
    "attempts": {
        "read the environment of PID 1": attempt(lambda: open("/proc/1/environ").read()),
        "write outputs": attempt(lambda: open("/github/file_commands/set_output", "a")),
        "make a command file": attempt(lambda: open("/github/file_commands/new", "w")),
        "change the checkout": attempt(lambda: open("/github/workspace/agent/agent.py", "a")),
        "change the action": attempt(lambda: open("/opt/log-agent/pyvenv.cfg", "a")),
        "talk to the engine": attempt(connect),
    },
}))
"""


def assert_nothing_was_allowed(probes: Path) -> None:
    found = [json.loads(path.read_text()) for path in probes.iterdir()]
    assert found
    for probe in found:
        assert probe["ids"] == [65532]
        assert "of-the-job" not in probe["environ"].values()
        assert set(probe["attempts"].values()) == {"PermissionError"}, probe["attempts"]


def test_the_agent_runs_under_an_account_that_may_do_nothing(runner: Runner) -> None:
    runner.check_out(responses(PROBE))
    probes = runner.open_folder()

    step = runner.run(
        {**AGENT, "mode": "preview"}, env={"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"}
    )

    assert step.status == 0, step.log
    assert_nothing_was_allowed(probes)


@pytest.mark.parametrize(("number", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_cancelled_job_ends_by_itself(
    runner: Runner, engine: Engine, number: str, status: int
) -> None:
    runner.check_out(
        responses("""
import pathlib, time
pathlib.Path("/github/workspace/open/asleep").touch()
time.sleep(3600)
""")
    )
    opened = runner.open_folder()
    running = runner.start({**AGENT, "mode": "preview"})
    while not (any(opened.iterdir()) or running.ended):
        time.sleep(0.2)

    # As PID 1 a process without handlers ignores both. After the runner's grace Docker kills, which
    # is status 137.
    engine.docker("stop", f"--signal={number}", "--time=10", running.name)

    assert running.wait() == status


# A package of the checkout whose build backend is untrusted code, too: uv runs it.
BACKEND = {
    "agent/pkg/pyproject.toml": (
        '[project]\nname = "pkg"\nversion = "1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    ),
    "agent/pkg/backend.py": "import json\n"
    + PROBE
    + """
import zipfile
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "pkg-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.writestr("pkg.py", "")
        metadata = "Metadata-Version: 2.1\\nName: pkg\\nVersion: 1\\n"
        wheel.writestr("pkg-1.dist-info/METADATA", metadata)
        wheel.writestr("pkg-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("pkg-1.dist-info/RECORD", "")
    return name
""",
}


def test_a_build_backend_may_do_nothing_either(runner: Runner) -> None:
    files = {**responses(), **BACKEND}
    files["agent/requirements.txt"] += "./pkg\n"
    runner.check_out(files)
    probes = runner.open_folder()

    step = runner.run(
        {**AGENT, "mode": "preview", "verify": "off"},
        env={"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"},
    )

    assert step.status == 0, step.log
    assert_nothing_was_allowed(probes)


def test_a_kept_cache_belongs_to_the_workspaces_owner(runner: Runner) -> None:
    runner.check_out(responses())
    inputs = {**AGENT, "mode": "preview", "verify": "load", "cache-dir": "kept/cache"}

    first, second = runner.run(inputs), runner.run(inputs)

    assert (first.status, second.status) == (0, 0), second.log
    assert "The environment is there already" in second.log
    assert {path.lstat().st_uid for path in runner.workspace.rglob("*")} == {OWNER}
