"""The session with the stores: what they refuse, in words that help."""

import io
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException

from doubles.databricks import USER, Fault, Workspace
from entrypoint.databricks.auth.workspace_host import Identity
from entrypoint.inputs.model_name import ModelName
from entrypoint.registry.baseline import BaselineRegistry
from entrypoint.registry.session import Session
from entrypoint.registry.stores import Stores
from entrypoint.runtime.errors import Failure, Problem, PublishFailure
from entrypoint.runtime.log import PlainLog

CI = "11111111-2222-4333-8444-555555555555"
MODEL = "prod.agents.support"
EXPERIMENT = "/Shared/acme-agents"
DATABRICKS = Stores("databricks", "databricks-uc")


@pytest.fixture(autouse=True)
def _stores_of_this_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MLflow keeps the stores of a process in variables of its own and of the environment."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, "")
    yield
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]


@pytest.fixture
def databricks(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as workspace:
        workspace.catalog.create("prod.agents", USER)
        yield workspace


def session_at(stores: Stores) -> Session:
    return Session(stores, Identity("", CI), PlainLog(io.StringIO()))


def log_in(monkeypatch: pytest.MonkeyPatch, workspace: Workspace, principal: str) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", workspace.host)
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.login.token(principal))


def test_an_experiment_in_the_trash(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    session = session_at(Stores(uri, uri, tmp_path.as_uri()))
    number = session.experiment(EXPERIMENT)
    session.client.delete_experiment(number)

    for ask in (session.known_experiment, session.experiment):
        with pytest.raises(PublishFailure) as failure:
            ask(EXPERIMENT)

        (problem,) = failure.value.problems
        assert problem.what.startswith(f"`experiment`: `{EXPERIMENT}` was deleted")
        assert f"mlflow experiments restore --experiment-id {number}" in problem.fix


def test_a_refusal_while_publishing_shows_the_grant(
    databricks: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    databricks.catalog.grant(CI, "prod", "USE_CATALOG")
    log_in(monkeypatch, databricks, CI)
    session = session_at(DATABRICKS)

    with pytest.raises(PublishFailure) as failure, session.problems(MODEL, EXPERIMENT):
        session.versions(MODEL).create_model()

    (problem,) = failure.value.problems
    assert problem.what == f"`uc-target`: `{CI}` has no USE SCHEMA on the schema `prod.agents`."
    assert f"GRANT USE SCHEMA ON SCHEMA prod.agents TO `{CI}`;" in problem.fix
    assert "PERMISSION_DENIED" in problem.detail


def test_a_principal_that_may_only_add_versions_finds_the_model(
    databricks: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(monkeypatch, databricks, USER)
    assert session_at(DATABRICKS).versions(MODEL).create_model()
    databricks.catalog.grant(CI, "prod", "USE_CATALOG")
    databricks.catalog.grant(CI, "prod.agents", "USE_SCHEMA")
    databricks.catalog.grant(CI, MODEL, "EXECUTE", "CREATE_MODEL_VERSION")
    log_in(monkeypatch, databricks, CI)

    assert session_at(DATABRICKS).versions(MODEL).model_exists()


@pytest.mark.parametrize("is_taken", [True, False])
def test_a_refused_token_is_replaced_once(
    databricks: Workspace, monkeypatch: pytest.MonkeyPatch, *, is_taken: bool
) -> None:
    log_in(monkeypatch, databricks, USER)
    fetched: list[str] = []

    def renew() -> bool:
        fetched.append(databricks.login.token(USER) if is_taken else "wrong")
        monkeypatch.setenv("DATABRICKS_TOKEN", fetched[-1])
        return True

    session = Session(DATABRICKS, Identity("", CI), PlainLog(io.StringIO()), renew=renew)
    databricks.faults.add(Fault(path="registered-models/create", revoked=True))

    if is_taken:
        assert session.versions(MODEL).create_model()
    else:
        with pytest.raises(PublishFailure) as failure, session.problems(MODEL, EXPERIMENT):
            session.versions(MODEL).create_model()
        assert "doesn't take the job's token any more" in failure.value.problems[0].what
    assert len(fetched) == 1


NUMBER = {"error_code": 403, "message": "Invalid access token."}
OLDER = {"error_code": "PERMISSION_DENIED", "message": "Invalid access token. [ReqId: 1]"}
EXPIRED = {"error_code": "PERMISSION_DENIED", "message": "Token is expired. Please log in again."}


@pytest.mark.parametrize("body", [NUMBER, OLDER, EXPIRED])
@pytest.mark.parametrize("is_preview", [False, True])
def test_a_login_that_ran_out_is_the_error_whatever_the_workspace_calls_it(
    databricks: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, object],
    *,
    is_preview: bool,
) -> None:
    log_in(monkeypatch, databricks, USER)
    databricks.faults.add(Fault(status=403, body=body, times=1000))
    log, me, refused = PlainLog(io.StringIO()), Identity("", CI), lambda: Problem("It ran out.")
    session = Session(DATABRICKS, me, log, refused=refused)

    def publish() -> None:
        with session.problems(MODEL, EXPERIMENT):
            session.versions(MODEL).model_exists()

    name = ModelName.parse(MODEL)
    compare = BaselineRegistry(DATABRICKS, name, me, log, refused=refused).find

    with pytest.raises(Failure) as failure:
        (compare if is_preview else publish)()

    (problem,) = failure.value.problems
    assert problem.what == "It ran out."
    assert str(body["message"]).rstrip(".") in problem.detail


def test_the_sdks_configuration_is_not_shown() -> None:
    session = session_at(DATABRICKS)

    with pytest.raises(PublishFailure) as failure, session.problems():
        raise MlflowException("No. Config: host=https://acme, token=***. Env: DATABRICKS_HOST")

    assert failure.value.problems[0].detail == "No"
