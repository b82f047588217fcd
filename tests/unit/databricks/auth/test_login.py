"""The login at Databricks, for the job and other programs, against a stand-in of a workspace."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from doubles.azure import Azure, azure
from doubles.databricks import USER, Fault, Workspace
from entrypoint.databricks.auth import env_vars, login_errors, login_refusals
from entrypoint.databricks.auth.delegation import connect, delegated_environ, mlflow_login
from entrypoint.databricks.auth.login import Login
from entrypoint.databricks.auth.login_errors import LoginRequest
from entrypoint.databricks.auth.token_process import (
    TokenProcess,
    TokenProcessFailure,
    WorkspaceToken,
)
from entrypoint.databricks.auth.token_server import serving
from entrypoint.inputs.event import Event
from entrypoint.runtime.errors import LoginFailure
from entrypoint.runtime.log import PlainLog
from tests import tools

PRINCIPAL = "11111111-2222-4333-8444-555555555555"
PUSH = Event("push", "acme/agents", "a" * 40, "refs/heads/main")
HEADERS = {"X-Databricks-Metadata-Version": "1", "X-Databricks-Host": "https://a.b"}
TOKEN = WorkspaceToken("of-the-hour", "https://a.b", expires=2_000_000_000.5, renewal=1.0)
# A program of the user's, with the SDK's own login.
PROGRAM = """
import json
from databricks.sdk import WorkspaceClient
client = WorkspaceClient()
print(json.dumps([client.config.auth_type, client.current_user.me().user_name]))
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as workspace:
        yield workspace
        assert workspace.violations == []


def login(environ: Mapping[str, str], event: Event = PUSH, kept: list[str] | None = None) -> Login:
    keep = (kept if kept is not None else []).append
    return Login(environ, event, keep, PlainLog(sys.stderr))


def client_secret(workspace: Workspace) -> dict[str, str]:
    return {
        "DATABRICKS_HOST": f"{workspace.host}/?o=123",
        "DATABRICKS_CLIENT_ID": PRINCIPAL,
        "DATABRICKS_CLIENT_SECRET": workspace.oauth.secret(PRINCIPAL),
    }


def profile(workspace: Workspace, tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "databrickscfg"
    file.write_text(f"[prod]\nhost = {workspace.host}\ntoken = {workspace.token}\n")
    return {"DATABRICKS_CONFIG_FILE": str(file), "DATABRICKS_CONFIG_PROFILE": "prod"}


def problem(environ: Mapping[str, str], event: Event = PUSH) -> str:
    with login(environ, event) as logged_in:
        found = logged_in.problem
    assert found is not None
    return found.what


def run(script: str, environ: Mapping[str, str]) -> object:
    done = subprocess.run(
        [sys.executable, "-c", script], env=dict(environ), stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def test_a_token_is_fetched_once_and_kept_secret(workspace: Workspace) -> None:
    kept: list[str] = []
    with login(client_secret(workspace), kept=kept) as logged_in:
        token = logged_in.token()
        assert logged_in.token() == token
        assert logged_in.problem is None
        assert (logged_in.identity.name, logged_in.identity.workspace_id) == (
            PRINCIPAL,
            workspace.id,
        )

    assert kept == [token.value]
    assert token.host == workspace.host
    assert token.value not in repr(token)
    assert [call.path for call in workspace.calls].count("/oidc/v1/token") == 1


def test_a_token_is_renewed_before_it_ends(workspace: Workspace) -> None:
    workspace.oauth.lifetime = 4
    kept: list[str] = []
    with login(client_secret(workspace), kept=kept) as logged_in:
        while len(kept) < 4:
            connect(logged_in).current_user.me()
            time.sleep(0.1)

    assert len(set(kept)) == len(kept)
    assert {call.status for call in workspace.calls} == {200}


def test_what_cannot_be_renewed_is_tried_again(workspace: Workspace) -> None:
    workspace.oauth.lifetime = 1
    with login(client_secret(workspace)) as logged_in:
        first = logged_in.token()
        workspace.faults.add(Fault(path="/oidc/v1/token", status=503, times=2))
        while not first.is_over:
            time.sleep(0.05)

        assert logged_in.token() != first


@pytest.mark.parametrize("expires_in", [0, -5])
def test_a_token_that_is_said_to_be_over_is_used_all_the_same(
    workspace: Workspace, expires_in: int
) -> None:
    workspace.oauth.expires_in = expires_in
    with login(client_secret(workspace)) as logged_in:
        token = logged_in.token()
        assert connect(logged_in).current_user.me().user_name == PRINCIPAL

    assert not token.is_over
    assert [call.path for call in workspace.calls].count("/oidc/v1/token") == 1


def test_a_token_that_is_over_at_once_is_an_error(workspace: Workspace) -> None:
    workspace.oauth.lifetime = 0

    assert "does not take the token" in problem(client_secret(workspace))
    assert [call.path for call in workspace.calls].count("/oidc/v1/token") == 1


def test_a_token_that_is_refused_before_its_time_is_replaced(workspace: Workspace) -> None:
    with login(client_secret(workspace)) as logged_in:
        refused = logged_in.token()
        environ: dict[str, str] = {}
        with mlflow_login(logged_in, environ):
            workspace.login.revoke(refused.value)

            assert logged_in.renew()

            assert environ["DATABRICKS_TOKEN"] == logged_in.token().value != refused.value
        assert connect(logged_in).current_user.me().user_name == PRINCIPAL


def test_there_is_no_other_token_where_none_can_be_fetched(workspace: Workspace) -> None:
    with login(workspace.env) as logged_in:
        assert logged_in.problem is None
        assert not logged_in.renew()
    with login(client_secret(workspace)) as logged_in:
        assert logged_in.problem is None
        workspace.faults.add(Fault(path="/oidc/v1/token", status=401, body={"error": "no"}))
        assert not logged_in.renew()


def test_a_login_that_ran_out_says_why_it_can_t_be_renewed(workspace: Workspace) -> None:
    workspace.oauth.lifetime = 1
    with login(client_secret(workspace)) as logged_in:
        first = logged_in.token()
        gone = {"error": "invalid_client", "error_description": "no such secret"}
        workspace.faults.add(Fault(path="/oidc/v1/token", status=401, body=gone, times=1000))
        while not first.is_over:
            time.sleep(0.05)
        assert not logged_in.renew()

        refused = logged_in.refused()

    assert refused.what.startswith("The login at Databricks ran out, and can't be renewed: ")
    assert "`DATABRICKS_CLIENT_SECRET`: the secret is wrong or over" in refused.what
    assert "Make a new secret" in refused.fix
    assert "no such secret" in refused.detail


def test_a_token_of_the_step_that_ran_out_can_t_be_renewed(workspace: Workspace) -> None:
    with login(workspace.env) as logged_in:
        assert logged_in.problem is None
        refused = logged_in.refused()

    assert refused.what.startswith("The login at Databricks ran out: `DATABRICKS_TOKEN` ended")
    assert "DATABRICKS_AUTH_TYPE: github-oidc" in refused.fix


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"DATABRICKS_OIDC_TOKEN": "x"}, "the identity token of `DATABRICKS_OIDC_TOKEN` was made"),
        (
            {"DATABRICKS_OIDC_TOKEN_ENV": "MY_TOKEN", "MY_TOKEN": "x"},
            "the identity token of `MY_TOKEN` was made once",
        ),
        ({"DATABRICKS_OIDC_TOKEN_FILEPATH": "x"}, "of `DATABRICKS_OIDC_TOKEN_FILEPATH` was made"),
        ({"DATABRICKS_AUTH_TYPE": "github-oidc"}, "It gave one when the job began"),
        ({"DATABRICKS_CLIENT_SECRET": "x"}, "the secret is wrong or over"),
    ],
)
def test_what_worked_at_first_is_not_blamed(given: dict[str, str], what: str) -> None:
    request = LoginRequest({"DATABRICKS_CLIENT_ID": PRINCIPAL, **given}, PUSH)

    problem = login_refusals.no_other_token(TokenProcessFailure("invalid_grant: no"), request)

    assert what in problem.what
    assert "federation-policy create" not in problem.fix


ID, SECRET = "DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"
ASK_GITHUB = "ACTIONS_ID_TOKEN_REQUEST_URL"


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["DATABRICKS_TOKEN", ID, SECRET], "oauth-m2m"),
        (["DATABRICKS_TOKEN", ID, ASK_GITHUB], "github-oidc"),
        (["DATABRICKS_TOKEN", ID], "pat"),
        (["DATABRICKS_TOKEN", "DATABRICKS_USERNAME", "DATABRICKS_PASSWORD"], "pat"),
        (["DATABRICKS_TOKEN", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"], "pat"),
        (["GOOGLE_CREDENTIALS", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"], "azure-client-secret"),
        (
            ["GOOGLE_CREDENTIALS", "DATABRICKS_USERNAME", "DATABRICKS_PASSWORD"],
            "google-credentials",
        ),
        ([ID, "DATABRICKS_USERNAME", "DATABRICKS_PASSWORD"], ""),
    ],
)
@pytest.mark.parametrize(
    ("auth_type", "message"),
    [
        ("", "validate: more than one authorization method configured: oauth and pat"),
        ("oidc", "cannot configure default credentials"),
    ],
)
def test_of_several_credentials_one_that_is_there_is_proposed(
    names: list[str], kind: str, auth_type: str, message: str
) -> None:
    environ = {"DATABRICKS_AUTH_TYPE": auth_type, **dict.fromkeys(names, "x")}

    problem = login_errors.explain(message, LoginRequest(environ, PUSH))

    lines = [line.strip() for line in problem.fix.splitlines() if line.startswith("    ")]
    assert lines == (["env:", f"DATABRICKS_AUTH_TYPE: {kind}"] if kind else [])
    assert all(f"`{name}`" in problem.what for name in names if name != ASK_GITHUB)


def test_a_token_of_the_step_is_taken_as_it_is(workspace: Workspace) -> None:
    kept: list[str] = []
    with (
        login(workspace.env, kept=kept) as logged_in,
        delegated_environ(logged_in, {}) as variables,
    ):
        assert logged_in.token() == WorkspaceToken(workspace.token, workspace.host)
        assert variables == workspace.env

    # GitHub masks it, and it may be a placeholder that everything is full of.
    assert kept == []
    assert [call.path for call in workspace.calls] == ["/api/2.0/preview/scim/v2/Me"]


def test_a_profile_logs_in(workspace: Workspace, tmp_path: Path) -> None:
    with (
        login(profile(workspace, tmp_path)) as logged_in,
        delegated_environ(logged_in, {}) as variables,
    ):
        assert variables == workspace.env
        assert logged_in.identity.name == USER


def test_a_program_is_logged_in_without_the_steps_credentials(workspace: Workspace) -> None:
    workspace.oauth.lifetime = 30
    environ = client_secret(workspace)
    with login(environ) as logged_in, delegated_environ(logged_in, {}) as variables:
        assert run(PROGRAM, variables) == ["metadata-service", PRINCIPAL]
        assert variables["DATABRICKS_TOKEN"] == logged_in.token().value
    assert environ["DATABRICKS_CLIENT_SECRET"] not in json.dumps(variables)
    with pytest.raises(requests.ConnectionError):
        requests.get(variables["DATABRICKS_METADATA_SERVICE_URL"], headers=HEADERS, timeout=60)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy"}, None),
        ({"HTTP_PROXY": "http://proxy"}, "127.0.0.1"),
        ({"http_proxy": "http://proxy", "NO_PROXY": "a.b"}, "a.b,127.0.0.1"),
    ],
)
def test_no_proxy_is_asked_for_the_token(
    workspace: Workspace, environ: Mapping[str, str], expected: str | None
) -> None:
    with (
        login(client_secret(workspace)) as logged_in,
        delegated_environ(logged_in, environ) as variables,
    ):
        assert variables.get("NO_PROXY") == variables.get("no_proxy") == expected


def test_mlflow_gets_every_new_token_and_leaves_no_trace(workspace: Workspace) -> None:
    workspace.oauth.lifetime = 2
    environ = {"A": "b", "DATABRICKS_AUTH_TYPE": "github-oidc"}
    with login(client_secret(workspace)) as logged_in:
        with mlflow_login(logged_in, environ):
            first = environ["DATABRICKS_TOKEN"]
            assert environ["DATABRICKS_AUTH_TYPE"] == "metadata-service"
            assert environ["MLFLOW_ENABLE_DB_SDK"] == "false"
            while environ["DATABRICKS_TOKEN"] == first:
                time.sleep(0.05)
        assert environ == {"A": "b", "DATABRICKS_AUTH_TYPE": "github-oidc"}


def test_without_a_login_no_program_is_logged_in(workspace: Workspace) -> None:
    environ = {"A": "b"}
    with login({"DATABRICKS_HOST": workspace.host}) as not_logged_in:
        assert not_logged_in.problem is not None
        assert not_logged_in.is_absent
        with (
            delegated_environ(not_logged_in, {}) as variables,
            mlflow_login(not_logged_in, environ),
        ):
            assert variables == {}
            assert environ == {"A": "b"}
        with pytest.raises(LoginFailure):
            connect(not_logged_in)
    assert workspace.calls == []


@pytest.mark.parametrize(
    ("status", "message", "what"),
    [
        (401, "no", "does not take it"),
        (
            403,
            "Source IP address: 1.2.3.4 is blocked by Databricks IP ACL",
            "closed to the address",
        ),
    ],
)
def test_a_workspace_can_refuse(workspace: Workspace, status: int, message: str, what: str) -> None:
    workspace.faults.add(Fault(path="/scim/v2/Me", status=status, body={"message": message}))

    assert what in problem(workspace.env)


@pytest.mark.parametrize(
    ("status", "message"), [(403, "does not have required scopes: iam"), (500, ""), (429, "")]
)
def test_the_workspace_need_not_tell_the_users_name(
    workspace: Workspace, status: int, message: str
) -> None:
    body = {"message": message}
    workspace.faults.add(Fault(path="/scim/v2/Me", status=status, body=body, times=9))

    with login(workspace.env) as logged_in:
        assert logged_in.problem is None
        assert logged_in.identity.name == ""


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({}, "it is no Databricks workspace"),
        ({"account_id": "1", "oidc_endpoint": "x"}, "it is the account console"),
    ],
)
def test_not_every_host_is_a_workspace(
    workspace: Workspace, body: Mapping[str, str], what: str
) -> None:
    workspace.faults.add(Fault(path="/Me|/oidc/", status=404, times=9))
    workspace.faults.add(Fault(path="databricks-config", status=200 if body else 404, body=body))

    assert what in problem(workspace.env)


def test_the_policy_to_add_is_that_of_the_jobs_own_token(workspace: Workspace) -> None:
    workspace.identity.subject = "repo:acme@12/agents@34:environment:prod"
    with login(workspace.github_oidc(PRINCIPAL)) as not_logged_in:
        found = not_logged_in.problem

    assert found is not None
    policy = found.fix.partition("--json '")[2].partition("'")[0]
    assert json.loads(policy) == {
        "oidc_policy": {
            "issuer": "https://token.actions.githubusercontent.com",
            "audiences": [workspace.oauth.audience],
            "subject": "repo:acme@12/agents@34:environment:prod",
        }
    }
    assert "federation policy of" in found.detail
    assert "Config:" not in found.detail


@pytest.mark.parametrize(
    ("words", "environ", "what"),
    [
        (
            "invalid_grant: Failed to process token: TOKEN_INVALID (Ensure a valid one is there)",
            {"DATABRICKS_CLIENT_ID": PRINCIPAL, "DATABRICKS_AUTH_TYPE": "github-oidc"},
            "no federation policy",
        ),
        (
            "azure-client-secret auth: invalid_client: AADSTS7000215: Invalid client secret",
            {"ARM_CLIENT_ID": PRINCIPAL},
            "Microsoft Entra does not let this job log in",
        ),
        ("something else", {}, "Logging in at Databricks failed."),
    ],
)
def test_other_refusals(words: str, environ: Mapping[str, str], what: str) -> None:
    found = login_refusals.no_token(TokenProcessFailure(words), LoginRequest(environ, PUSH))

    assert what in found.what
    assert words.removeprefix("azure-client-secret auth: ") == found.detail


def test_a_token_process_that_is_closed_fetches_nothing(workspace: Workspace) -> None:
    process = TokenProcess({**client_secret(workspace), "DATABRICKS_HOST": workspace.host})
    assert process.fetch_token().host == workspace.host
    process.close()

    with pytest.raises(TokenProcessFailure, match="the job ends"):
        process.fetch_token()


def test_the_end_does_not_wait_for_a_token(workspace: Workspace) -> None:
    workspace.faults.add(Fault(path="/oidc/v1/token", delay=600, times=9))
    with login(client_secret(workspace)):
        while not any("token" in call.path for call in workspace.calls):
            time.sleep(0.05)


def test_the_token_is_served_only_at_the_secret_address() -> None:
    with serving(lambda: TOKEN) as address:
        answer = requests.get(address, headers=HEADERS, timeout=60)
        assert answer.json() == {
            "access_token": "of-the-hour",
            "token_type": "Bearer",
            "expires_on": 2_000_000_000.5,
        }
        refused = [
            requests.get(f"{address}x", headers=HEADERS, timeout=60),
            requests.get(address, timeout=60),
            requests.get(address, headers={**HEADERS, "Host": "evil.example"}, timeout=60),
            requests.get(
                address, headers={**HEADERS, "X-Databricks-Host": "https://c.d"}, timeout=60
            ),
        ]
    assert [answer.status_code for answer in refused] == [404] * 4
    assert "of-the-hour" not in "".join(answer.text for answer in refused)


def test_a_token_that_is_not_there_is_no_crash() -> None:
    def none() -> WorkspaceToken:
        raise LoginFailure

    with serving(none) as address:
        assert requests.get(address, headers=HEADERS, timeout=60).status_code == 503


@pytest.mark.parametrize(("lifetime", "early"), [(300, 150), (3600, 1200), (0, 30), (-5, 30)])
def test_a_token_is_renewed_at_half_of_its_life(lifetime: float, early: float) -> None:
    token = WorkspaceToken.with_lifetime("a", "b", lifetime)

    assert token.expires is not None
    assert token.renewal is not None
    assert token.expires - token.renewal == pytest.approx(early)


def test_the_names_of_credentials() -> None:
    environ = {
        "DATABRICKS_OIDC_TOKEN_ENV": "MY_TOKEN",
        "DATABRICKS_TOKEN": "a",
        "ARM_TENANT_ID": "b",
    }

    assert {"MY_TOKEN", "DATABRICKS_TOKEN"} < env_vars.names(environ)
    assert env_vars.given(environ) == ["DATABRICKS_OIDC_TOKEN_ENV", "DATABRICKS_TOKEN"]
    assert "" not in env_vars.names({})


@pytest.fixture
def entra(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Azure]:
    tools.require("openssl")
    with azure(tmp_path, workspace.host, workspace.login.token) as entra:
        for name, value in entra.env.items():
            monkeypatch.setenv(name, value)
        yield entra


def test_a_service_principal_of_azure_logs_in(workspace: Workspace, entra: Azure) -> None:
    entra.secrets[PRINCIPAL] = "of-the-principal"
    environ = {
        **entra.env,
        "DATABRICKS_HOST": "https://adb-1234567890123456.7.azuredatabricks.net",
        "ARM_CLIENT_ID": PRINCIPAL,
        "ARM_CLIENT_SECRET": "of-the-principal",
        "ARM_TENANT_ID": entra.tenant,
    }
    kept: list[str] = []
    with login(environ, kept=kept) as logged_in, delegated_environ(logged_in, environ) as variables:
        assert logged_in.problem is None
        assert logged_in.identity.name == PRINCIPAL
        assert run(PROGRAM, {**entra.env, **variables}) == ["metadata-service", PRINCIPAL]
    assert kept == [variables["DATABRICKS_TOKEN"]]
    assert entra.asked == 1

    assert "Microsoft Entra does not let" in problem({**environ, "ARM_CLIENT_SECRET": "another"})
