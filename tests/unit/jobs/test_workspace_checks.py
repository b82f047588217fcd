"""What a workspace is asked in the background, when it doesn't take the token any more."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.databricks import Workspace
from entrypoint.databricks.auth.login import Login
from entrypoint.inputs.event import Event
from entrypoint.jobs.workspace_checks import WorkspaceChecks
from entrypoint.resources.check.existence import LookedUp
from entrypoint.runtime.log import PlainLog

PRINCIPAL = "11111111-2222-4333-8444-555555555555"
ENDPOINT = ("serving_endpoint", "claude")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as workspace:
        workspace.resources.add(*ENDPOINT)
        yield workspace


def looked_up(workspace: Workspace, environ: dict[str, str]) -> LookedUp:
    """The answer to a job whose token is revoked as soon as it has it."""
    event = Event("push", "acme/agents", "a" * 40, "refs/heads/main")
    with Login(environ, event, lambda _: None, PlainLog(sys.stderr)) as login:
        workspace.login.revoke(login.token().value)
        return WorkspaceChecks(login).existing([ENDPOINT]).result()


def test_a_login_that_ran_out_is_why_nothing_was_looked_up(workspace: Workspace) -> None:
    found = looked_up(workspace, workspace.env)

    assert found.why_not.startswith("The login at Databricks ran out: `DATABRICKS_TOKEN` ended")


def test_with_another_token_it_is_looked_up(workspace: Workspace) -> None:
    secret = workspace.oauth.secret(PRINCIPAL)
    environ = {"DATABRICKS_CLIENT_ID": PRINCIPAL, "DATABRICKS_CLIENT_SECRET": secret}

    found = looked_up(workspace, {"DATABRICKS_HOST": workspace.host, **environ})

    assert found.answers[ENDPOINT].existence == "found"
