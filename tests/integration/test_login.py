"""Logging in at Databricks, over the whole program; the workspace is a double."""

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from doubles.databricks import USER, Fault, Workspace
from doubles.runner import PULL_REQUEST, REPOSITORY, Event, Step
from tests.integration.conftest import ECHO, PRINCIPAL, Checkout

pytestmark = pytest.mark.exhaustive

EXAMPLE = '{"input": [{"role": "user", "content": "Hello"}]}'
FORK = Event(
    PULL_REQUEST.name,
    PULL_REQUEST.ref,
    {
        **PULL_REQUEST.payload,
        "pull_request": {
            **PULL_REQUEST.payload["pull_request"],
            "head": {
                "sha": "f" * 40,
                "ref": "feature/tone",
                "repo": {**REPOSITORY, "full_name": "stranger/agents"},
            },
        },
    },
)
ASKS = ECHO.replace(
    "        text = request.input[-1].content\n",
    """\
        from databricks.sdk import WorkspaceClient

        text = WorkspaceClient().current_user.me().user_name
""",
)


Env = Callable[[Workspace], Mapping[str, str]]


def github_oidc(workspace: Workspace) -> dict[str, str]:
    workspace.oauth.trust(PRINCIPAL)
    return workspace.github_oidc(PRINCIPAL)


def client_secret(workspace: Workspace) -> dict[str, str]:
    return {
        "DATABRICKS_HOST": workspace.host,
        "DATABRICKS_CLIENT_ID": PRINCIPAL,
        "DATABRICKS_CLIENT_SECRET": workspace.oauth.secret(PRINCIPAL),
    }


def access_token(workspace: Workspace) -> dict[str, str]:
    return workspace.env


def without(env: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in env.items() if not name.startswith(names)}


def paths(workspace: Workspace) -> Counter[str]:
    return Counter(call.path for call in workspace.calls)


def shown(step: Step) -> str:
    """The log as GitHub shows it: what masks a value is swallowed."""
    return "\n".join(line for line in step.log.splitlines() if not line.startswith("::add-mask::"))


def masked(step: Step) -> list[str]:
    return [line.partition("::add-mask::")[2] for line in step.commands("add-mask")]


@pytest.mark.parametrize("login", [github_oidc, client_secret, access_token])
@pytest.mark.parametrize("storage", ["SDK", "signed"])
def test_registering_takes_few_requests(
    checkout: Checkout, databricks: Workspace, login: Env, storage: str
) -> None:
    databricks.registry.sdk_files = storage == "SDK"

    step = checkout.run(env=login(databricks), input_example=EXAMPLE, tracking_uri="")

    assert step.status == 0, step.log
    assert step.outputs["model-version"] == "1"
    asked = paths(databricks)
    # Once by the login, by each client that looks around, and by each that MLflow makes for files.
    assert asked["/.well-known/databricks-config"] <= 6
    assert asked["/oidc/v1/token"] == (0 if login is access_token else 1)
    principal = USER if login is access_token else PRINCIPAL
    assert f"logged in at {databricks.host} as {principal}" in step.log
    assert {call.principal for call in databricks.calls} <= {principal, ""}


def test_a_job_outlives_its_token(checkout: Checkout, databricks: Workspace) -> None:
    databricks.oauth.lifetime = 24
    outlived = checkout.runner.temp / "outlived"
    # A token is renewed when half of its life is over: at the third, the first one is over.
    agent = ASKS.replace(
        "    def predict(",
        f"""\
    def load_context(self, context):
        import pathlib, time

        from databricks.sdk import WorkspaceClient

        client, tokens, outlived = WorkspaceClient(), set(), pathlib.Path({str(outlived)!r})
        while len(tokens) < 3 and not outlived.exists():
            client.current_user.me()
            tokens.add(client.config.authenticate()["Authorization"])
            time.sleep(0.5)
        outlived.touch()

    def predict(""",
    )
    checkout.write("requirements.txt", "mlflow==3.17.2\ndatabricks-sdk==0.94.0\n")

    step = checkout.run(agent, env=github_oidc(databricks), input_example=EXAMPLE, tracking_uri="")

    assert step.status == 0, step.log
    assert outlived.exists()
    assert PRINCIPAL in step.result["verification"]["answer"]
    assert paths(databricks)["/oidc/v1/token"] > 2
    assert len(set(masked(step))) == paths(databricks)["/oidc/v1/token"]


def test_no_credential_is_seen_anywhere(checkout: Checkout, databricks: Workspace) -> None:
    databricks.oauth.lifetime = 20
    seen = checkout.runner.temp / "seen.json"
    agent = ASKS.replace(
        "import mlflow\n",
        f"""\
import json, os

import mlflow

json.dump(dict(os.environ), open({str(seen)!r}, "w"))
print("my token:", os.environ["DATABRICKS_TOKEN"])
""",
        1,
    )
    env = {**github_oidc(databricks), "OF_THE_STEP": "for the agent"}
    started = time.time()

    step = checkout.run(agent, env=env, input_example=EXAMPLE, tracking_uri="")

    assert step.status == 0, step.log
    environ = json.loads(seen.read_text())
    assert environ["OF_THE_STEP"] == "for the agent"
    assert environ["DATABRICKS_HOST"] == databricks.host
    assert [name for name in environ if name.startswith("ACTIONS_")] == []
    assert environ["DATABRICKS_TOKEN"] in masked(step)
    assert "my token: ***" in step.log
    hidden = {*masked(step), env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]}
    assert len(hidden) > 1
    told = [
        shown(step),
        step.summary,
        json.dumps(step.outputs),
        *(call.body.decode(errors="replace") for call in databricks.calls if call.writes),
        *(json.dumps(call.query) for call in databricks.calls),
    ]
    assert [secret for secret in hidden for text in told if secret in text] == []
    # One at a time: other tests' environments are in the checkout too.
    written = (
        path
        for folder in (checkout.runner.workspace, checkout.runner.temp.parent / "databricks")
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_ctime >= started
    )
    searched = 0
    for path in written:
        content = path.read_bytes()
        assert [secret for secret in hidden if secret.encode() in content] == [], path
        searched += 1
    assert searched > 10


def test_a_build_backend_gets_no_login(checkout: Checkout, databricks: Workspace) -> None:
    seen = checkout.runner.temp / "seen.json"
    checkout.write("requirements.txt", "mlflow==3.17.2\n./package\n")
    checkout.write(
        "package/setup.py",
        "import json, os\n"
        f"json.dump(dict(os.environ), open({str(seen)!r}, 'w'))\n"
        "from setuptools import setup\n"
        "setup(name='nosy', version='1', py_modules=[])\n",
    )

    step = checkout.run(env=databricks.env, mode="preview", requirements="", verify="load")

    assert step.status == 0, step.log
    environ = json.loads(seen.read_text())
    assert "DATABRICKS_TOKEN" not in environ
    assert databricks.token not in json.dumps(environ)


def test_the_agent_gets_the_steps_token(checkout: Checkout, databricks: Workspace) -> None:
    checkout.write("requirements.txt", "mlflow==3.17.2\ndatabricks-sdk==0.94.0\n")

    step = checkout.run(ASKS, env=databricks.env, mode="preview", input_example=EXAMPLE)

    assert step.status == 0, step.log
    assert USER in step.result["verification"]["answer"]


@pytest.mark.parametrize("hint", ["DATABRICKS_CLIENT_ID", "DATABRICKS_AUTH_TYPE"])
def test_a_fork_is_previewed_without(checkout: Checkout, databricks: Workspace, hint: str) -> None:
    checkout.write("requirements.txt", "mlflow==3.17.2\ndatabricks-sdk==0.94.0\n")
    checkout.write("resources.yml", "databricks:\n  table:\n    - name: a.b.c\napi_version: '1'\n")
    env = {
        "DATABRICKS_HOST": databricks.host,
        "DATABRICKS_CLIENT_SECRET": "",
        "DATABRICKS_TOKEN": "",
    }
    env[hint] = github_oidc(databricks)[hint]

    step = checkout.run(ASKS, env=env, event=FORK, input_example=EXAMPLE)

    assert step.status == 0, step.log
    assert [*step.commands("error"), *step.commands("warning")] == []
    assert "cannot configure default credentials" in step.result["verification"]["no_credentials"]
    assert "GitHub gives none to a pull request from a fork" in step.summary
    assert [call for call in databricks.calls if call.principal] == []


WRONG: dict[str, tuple[Env, str, str]] = {
    "id-token": (
        lambda w: without(github_oidc(w), "ACTIONS_"),
        "`id-token: write` is missing",
        "permissions:%0A      contents: read%0A      id-token: write",
    ),
    "no client id": (
        lambda w: without(github_oidc(w), "DATABRICKS_CLIENT_ID"),
        "`DATABRICKS_CLIENT_ID` is not set",
        "DATABRICKS_CLIENT_ID: <application id",
    ),
    "client id": (
        lambda w: {**github_oidc(w), "DATABRICKS_CLIENT_ID": "5581763342009999"},
        "`DATABRICKS_CLIENT_ID`: `5581763342009999` is no application id",
        "databricks account service-principals list",
    ),
    "policy": (
        lambda w: w.github_oidc(PRINCIPAL),
        f"does not let this job log in as `{PRINCIPAL}`",
        "databricks account service-principal-federation-policy create <id> --json",
    ),
    "client secret": (
        lambda w: {**client_secret(w), "DATABRICKS_CLIENT_SECRET": "dose-of-the-wrong-secret"},
        "does not take `DATABRICKS_CLIENT_ID` and `DATABRICKS_CLIENT_SECRET`",
        "Make a new secret",
    ),
    "expired": (
        lambda w: {**w.env, "DATABRICKS_TOKEN": w.login.token(USER, lifetime=0)},
        "does not take it: it is over, or wrong",
        "Make a new one",
    ),
    "two kinds": (
        lambda w: {**w.env, **client_secret(w)},
        "credentials of more than one kind",
        "DATABRICKS_AUTH_TYPE: oauth-m2m",
    ),
    "profile": (
        lambda w: {
            "DATABRICKS_CONFIG_PROFILE": "prod",
            "DATABRICKS_HOST": w.host,
            "DATABRICKS_CONFIG_FILE": "/dev/null",
        },
        "there is no profile `prod`",
        "Log in by variables",
    ),
    "host": (
        lambda w: without(github_oidc(w), "DATABRICKS_HOST"),
        "`DATABRICKS_HOST` is not set",
        "DATABRICKS_HOST: https://",
    ),
    "name": (
        lambda w: {**github_oidc(w), "DATABRICKS_HOST": "https://acme.invalid"},
        "`https://acme.invalid`: there is no host of that name",
        "DATABRICKS_HOST: https://",
    ),
    "nobody there": (
        lambda w: {**w.env, "DATABRICKS_HOST": "http://127.0.0.1:9"},
        "`http://127.0.0.1:9`: nobody answers there",
        "DATABRICKS_HOST: https://",
    ),
    "nothing": (
        lambda w: {"DATABRICKS_HOST": w.host},
        "There are no credentials for Databricks",
        "DATABRICKS_AUTH_TYPE: github-oidc",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_who_cannot_log_in_is_told_early(
    checkout: Checkout, databricks: Workspace, case: str
) -> None:
    login, what, fix = WRONG[case]

    step = checkout.run(env=login(databricks), tracking_uri="databricks")

    assert step.status == 1
    (error,) = step.commands("error")
    assert what in error
    assert fix in error
    assert "Config: host" not in error
    assert "Environment" not in step.log
    assert databricks.writes == []


def test_a_preview_goes_on_when_the_login_is_wrong(
    checkout: Checkout, databricks: Workspace
) -> None:
    env = {**databricks.env, "DATABRICKS_TOKEN": databricks.login.token(USER, lifetime=0)}

    step = checkout.run(env=env, event=PULL_REQUEST)

    assert step.status == 0, step.log
    (warning,) = step.commands("warning")
    assert "`DATABRICKS_TOKEN`" in warning


def test_who_stumbles_is_asked_again(checkout: Checkout, databricks: Workspace) -> None:
    databricks.faults.add(
        Fault(path="/github-oidc/token", status=503),
        Fault(path="/oidc/v1/token", status=500, body={"error": "temporarily_unavailable"}),
        Fault(path="/scim/v2/Me", reset="before"),
    )

    step = checkout.run(env=github_oidc(databricks), mode="preview", verify="load")

    assert step.status == 0, step.log
    assert f"logged in at {databricks.host} as {PRINCIPAL}" in step.log
    assert databricks.faults.waiting == ()


def test_a_cancelled_job_does_not_wait_for_a_token(
    checkout: Checkout, databricks: Workspace
) -> None:
    databricks.faults.add(Fault(path="/oidc/v1/token", delay=600, times=9))
    process = checkout.runner.start(checkout.inputs(), env=github_oidc(databricks))
    while "/oidc/v1/token" not in paths(databricks):
        assert process.poll() is None
        time.sleep(0.05)

    process.send_signal(signal.SIGTERM)

    log, _ = process.communicate(timeout=60)
    assert checkout.runner.finished(process, log).status == 128 + signal.SIGTERM
