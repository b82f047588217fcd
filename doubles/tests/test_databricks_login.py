"""Logging in to the stand-in of a workspace, as Databricks' SDK logs in to real ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import platform

from doubles.databricks import USER, Workspace

PRINCIPAL = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as workspace:
        yield workspace


def test_a_token_logs_in(workspace: Workspace) -> None:
    sdk = WorkspaceClient(host=workspace.host, token=workspace.token)

    assert sdk.current_user.me().user_name == USER
    assert sdk.config.workspace_id == workspace.id
    assert [(call.path, call.principal) for call in workspace.calls] == [
        ("/.well-known/databricks-config", ""),
        ("/api/2.0/preview/scim/v2/Me", USER),
    ]


@pytest.mark.parametrize(
    ("authorization", "status"), [("", 401), ("Basic abc", 401), ("Bearer dapi0", 403)]
)
def test_without_a_good_token_nothing_is_told(
    workspace: Workspace, authorization: str, status: int
) -> None:
    answer = requests.get(
        f"{workspace.host}/api/2.0/apps/x", headers={"Authorization": authorization}, timeout=60
    )

    # The code is a number then, which is one of Databricks' surprises.
    assert (answer.status_code, answer.json()["error_code"]) == (status, status)


def test_a_token_ends(workspace: Workspace) -> None:
    workspace.login.revoke(workspace.token)

    for token in (workspace.login.token(USER, lifetime=0), workspace.token):
        with pytest.raises(platform.PermissionDenied, match="Invalid access token"):
            WorkspaceClient(host=workspace.host, token=token).current_user.me()


def test_a_secret_logs_in(workspace: Workspace) -> None:
    secret = workspace.oauth.secret(PRINCIPAL)

    sdk = WorkspaceClient(host=workspace.host, client_id=PRINCIPAL, client_secret=secret)

    assert sdk.current_user.me().user_name == PRINCIPAL


def test_a_wrong_secret_does_not(workspace: Workspace) -> None:
    workspace.oauth.secret(PRINCIPAL)
    sdk = WorkspaceClient(host=workspace.host, client_id=PRINCIPAL, client_secret="wrong")

    with pytest.raises(ValueError, match="invalid_client"):
        sdk.current_user.me()


def test_an_oauth_token_ends(workspace: Workspace) -> None:
    workspace.oauth.lifetime = 0
    secret = workspace.oauth.secret(PRINCIPAL)
    sdk = WorkspaceClient(host=workspace.host, client_id=PRINCIPAL, client_secret=secret)

    with pytest.raises(platform.PermissionDenied, match="Invalid access token"):
        sdk.current_user.me()


def test_a_job_logs_in(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.oauth.trust(PRINCIPAL)
    for name, value in workspace.github_oidc(PRINCIPAL).items():
        monkeypatch.setenv(name, value)

    assert WorkspaceClient().current_user.me().user_name == PRINCIPAL
    assert workspace.violations == []


@pytest.mark.parametrize("trusted", [{}, {"subject": "repo:acme/other"}, {"audience": "other"}])
def test_a_job_that_is_not_trusted_does_not(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, trusted: dict[str, str]
) -> None:
    if trusted:
        workspace.oauth.trust(PRINCIPAL, **trusted)
    for name, value in workspace.github_oidc(PRINCIPAL).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ValueError, match="invalid_grant: No federation policy"):
        WorkspaceClient().current_user.me()


def test_a_job_without_the_permission_gets_no_identity(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.oauth.trust(PRINCIPAL)
    for name, value in workspace.github_oidc(PRINCIPAL).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong")

    with pytest.raises(ValueError, match="cannot configure default credentials"):
        WorkspaceClient()


def test_an_identity_token_is_exchanged_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.oauth.trust(PRINCIPAL)
    monkeypatch.setenv("DATABRICKS_OIDC_TOKEN", workspace.identity.token(workspace.oauth.audience))
    sdk = WorkspaceClient(host=workspace.host, client_id=PRINCIPAL, auth_type="env-oidc")

    assert [sdk.current_user.me().user_name for _ in range(3)] == [PRINCIPAL] * 3
    assert [call.verb for call in workspace.calls].count("POST") == 1


@pytest.mark.parametrize("lifetime", [0, 300])
def test_an_identity_token_that_is_over_or_forged_is_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, lifetime: int
) -> None:
    workspace.oauth.trust(PRINCIPAL)
    workspace.identity.lifetime = lifetime
    token = workspace.identity.token(workspace.oauth.audience)
    monkeypatch.setenv("DATABRICKS_OIDC_TOKEN", token if lifetime == 0 else f"{token}x")
    sdk = WorkspaceClient(host=workspace.host, client_id=PRINCIPAL, auth_type="env-oidc")

    with pytest.raises(ValueError, match=r"invalid_grant: The subject token"):
        sdk.current_user.me()


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("grant_type", "password", "unsupported_grant_type"),
        ("scope", "sql", "invalid_scope"),
        ("subject_token_type", "jwt", "invalid_request"),
        ("subject_token", "a.b.c", "invalid_grant"),
        ("client_id", "somebody", "invalid_grant"),
        ("resource", "x", "invalid_request"),
    ],
)
def test_an_exchange_must_be_right(
    workspace: Workspace, field: str, value: str, error: str
) -> None:
    workspace.oauth.trust(PRINCIPAL)
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "subject_token": workspace.identity.token(workspace.oauth.audience),
        "client_id": PRINCIPAL,
        "scope": "all-apis",
    }
    url = f"{workspace.host}/oidc/v1/token"

    assert requests.post(url, fields, timeout=60).ok
    assert requests.post(url, {**fields, field: value}, timeout=60).json()["error"] == error
