"""What an agent can see, say and leave behind."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from doubles.runner import Runner
from tests.integration.conftest import ECHO, Checkout

pytestmark = pytest.mark.exhaustive

SECRETS = {
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "oidc-request",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://example.invalid/oidc-request",
    "DATABRICKS_CLIENT_SECRET": "client-secret",
    "GH_TOKEN": "gh-token",
    "IN_A_URL": "https://x:github-token@github.com",
    "GITHUB_TOKEN": "github-token",
    "SOME_COPY": "github-token",
    "MLFLOW_TRACKING_PASSWORD": "tracking-password",
    "UV_INDEX_PRIVATE_PASSWORD": "index-password",
}


def test_the_agent_gets_the_steps_variables_and_no_secret_of_the_job(checkout: Checkout) -> None:
    seen = checkout.runner.temp / "seen.json"
    agent = f"import json, os\njson.dump(dict(os.environ), open({str(seen)!r}, 'w'))\n" + ECHO

    step = checkout.run(agent, mode="preview", env={**SECRETS, "OF_THE_STEP": "for the agent"})

    assert step.status == 0, step.log
    environ = json.loads(seen.read_text())
    assert environ["OF_THE_STEP"] == "for the agent"
    told = json.dumps(environ)
    assert [secret for secret in SECRETS.values() if secret in told] == []
    assert [name for name in environ if name.startswith(("GITHUB_", "INPUT_", "ACTIONS_"))] == []
    assert environ["HOME"] != os.environ["HOME"]


def test_what_the_agent_prints_is_shown_and_not_obeyed(checkout: Checkout) -> None:
    agent = 'print("::error::obeyed\\n::set-output name=x::y\\nno newline", end="")\n' + ECHO

    step = checkout.run(agent, mode="preview")

    assert step.status == 0, step.log
    assert "::error::obeyed" in step.log
    assert step.commands("error") == step.commands("set-output") == []
    shown = ["Read", "Environment", "Find", "Build", "Verify", "Check", "Compare", "Result"]
    assert step.commands("group") == [f"::group::{name}" for name in shown]
    assert step.commands("endgroup") == ["::endgroup::"] * len(shown)


def test_much_output_is_cut_in_the_log(checkout: Checkout) -> None:
    agent = 'for _ in range(100_000):\n    print("x" * 99)\n' + ECHO

    step = checkout.run(agent, mode="preview")

    assert step.status == 0, step.log[-2000:]
    assert len(step.log) < 1_000_000
    assert "not shown" in step.log


def test_what_the_agent_does_to_mlflow_ends_in_a_store_that_is_thrown_away(
    checkout: Checkout,
) -> None:
    # Where the job itself publishes: the agent's own words for it must not get there.
    store = f"sqlite:///{checkout.runner.workspace}/.log-agent/mlflow.db"
    agent = (
        "import os, mlflow\n"
        f"mlflow.set_tracking_uri({store!r})\n"
        f"os.environ['MLFLOW_TRACKING_URI'] = {store!r}\n"
        "mlflow.autolog()\n"
        "mlflow.log_metric('in the default experiment', 1)\nmlflow.end_run()\n"
        "mlflow.set_experiment('of the agent')\n"
        "with mlflow.start_run():\n    mlflow.log_param('of', 'the agent')\n" + ECHO
    )

    step = checkout.run(agent)

    assert step.status == 0, step.log
    names = [experiment.name for experiment in checkout.client.search_experiments()]
    assert "of the agent" not in names
    assert not list(checkout.runner.workspace.rglob("mlruns"))


def test_the_checkout_is_not_imported_by_the_control_process(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for name in ("yaml.py", "jinja2.py", "mlflow/__init__.py", "sitecustomize.py"):
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text(f"raise SystemExit('imported {name}')\n")
    checkout = Checkout(Runner(workspace, tmp_path / "runner_temp"), "agent")

    step = checkout.run(verify="load")

    assert step.status == 0, step.log


@pytest.mark.parametrize("session", [False, True], ids=["of its group", "of its own group"])
def test_no_process_outlives_the_step(checkout: Checkout, *, session: bool) -> None:
    children = checkout.runner.temp / "children"
    agent = (
        "import subprocess\n"
        f"child = subprocess.Popen(['sleep', '600'], start_new_session={session})\n"
        f"print(child.pid, file=open({str(children)!r}, 'a'))\n" + ECHO
    )

    step = checkout.run(agent, mode="preview")

    assert step.status == 0, step.log
    pids = [int(line) for line in children.read_text().split()]
    assert len(pids) == 2
    assert [pid for pid in pids if is_running(pid)] == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_cancelled_job_tidies_up(
    checkout: Checkout, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    asleep = checkout.runner.temp / "asleep"
    agent = (
        "import os, pathlib, time\n"
        f"pathlib.Path({str(asleep)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    process = checkout.runner.start(checkout.inputs(agent), env={"TMPDIR": str(scratch)})
    while process.poll() is None and not (asleep.exists() and asleep.read_text()):
        time.sleep(0.05)
    process.send_signal(number)
    log, _ = process.communicate()
    step = checkout.runner.finished(process, log)

    assert step.status == status, step.log
    assert "cancelled" in step.summary
    assert not is_running(int(asleep.read_text()))
    assert checkout.versions() == []
    assert list(scratch.iterdir()) == []


def is_running(pid: int) -> bool:
    """Whether the process is there and not only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("", "ended its process"),
        ("[" * 100_000, "ended its process"),
        ("[]", "ended its process"),
        ('{"flavor": 7}', "a verdict that can't be read"),
        ('{"compiled": 7}', "a verdict that can't be read"),
    ],
    ids=["none", "nested", "no object", "wrong", "wrong names"],
)
def test_a_verdict_that_the_agent_makes_up(checkout: Checkout, verdict: str, said: str) -> None:
    agent = f"import os, sys\nos.write(int(sys.argv[3]), {verdict!r}.encode())\nos._exit(0)\n"

    step = checkout.run(agent)

    assert step.status == 1
    (error,) = step.commands("error")
    assert said in error


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ("os.symlink('/etc/passwd', model / 'odd')", "`odd` is a link"),
        ("os.symlink('/etc', model / 'code')", "`code` is a link"),
        ("os.mkfifo(model / 'odd')", "`odd` is neither a file nor a folder"),
    ],
)
def test_what_is_no_file_is_never_opened(checkout: Checkout, make: str, said: str) -> None:
    agent = (
        ECHO + "import json, os, pathlib, sys\n"
        "model = pathlib.Path(json.loads(pathlib.Path(sys.argv[1]).read_text())['model'])\n"
        f"if model.exists(): {make}\n"
    )

    step = checkout.run(agent)

    assert step.status == 1
    (error,) = step.commands("error")
    assert f"The built model can't be logged: {said}" in error
    assert checkout.versions() == []


def test_the_store_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "workspace/.log-agent").symlink_to(tmp_path / "elsewhere")
    checkout = Checkout(Runner(tmp_path / "workspace", tmp_path / "runner_temp"), "agent")

    step = checkout.run(cache_dir="")

    assert step.status == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []
