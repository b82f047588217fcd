from collections.abc import Mapping

import pytest

from entrypoint.inputs.workspace import Workspace
from entrypoint.registry.stores import Stores, login_environ, not_configured
from entrypoint.runtime.errors import InputFailure
from tests.unit.conftest import read

HOST = {"DATABRICKS_HOST": "https://acme.cloud.databricks.com"}
SERVER = {"MLFLOW_TRACKING_URI": "https://mlflow.acme.com"}
REGISTRY = {"MLFLOW_REGISTRY_URI": "uc:https://uc.acme.com"}


def choose(
    workspace: Workspace,
    environ: Mapping[str, str],
    inputs: Mapping[str, str] | None = None,
    *,
    on_github: bool = True,
) -> Stores | None:
    given = read(workspace, **(inputs or {}))
    return Stores.choose(given, environ, workspace, on_github=on_github)


@pytest.mark.parametrize("on_github", [True, False])
@pytest.mark.parametrize(
    ("environ", "tracking", "registry"),
    [
        (HOST, "databricks", "databricks-uc"),
        (HOST | SERVER, "databricks", "databricks-uc"),
        (HOST | REGISTRY, "databricks", "databricks-uc"),
        (SERVER, "https://mlflow.acme.com", "https://mlflow.acme.com"),
        (SERVER | REGISTRY, "https://mlflow.acme.com", "uc:https://uc.acme.com"),
        ({"MLFLOW_TRACKING_URI": "databricks"}, "databricks", "databricks-uc"),
        ({**SERVER, "DATABRICKS_HOST": ""}, "https://mlflow.acme.com", "https://mlflow.acme.com"),
    ],
)
def test_the_environment_says_where_to(
    workspace: Workspace,
    environ: Mapping[str, str],
    tracking: str,
    registry: str,
    *,
    on_github: bool,
) -> None:
    assert choose(workspace, environ, on_github=on_github) == Stores(tracking, registry)


@pytest.mark.parametrize(
    ("environ", "inputs", "tracking", "registry"),
    [
        (HOST, {"tracking_uri": "http://mlflow:5000"}, "http://mlflow:5000", "http://mlflow:5000"),
        (SERVER, {"tracking_uri": "databricks"}, "databricks", "databricks-uc"),
        (HOST, {"registry_uri": "uc:http://uc:8080"}, "databricks", "uc:http://uc:8080"),
        (SERVER | REGISTRY, {"registry_uri": "http://b"}, "https://mlflow.acme.com", "http://b"),
    ],
)
def test_inputs_win_over_the_environment(
    workspace: Workspace,
    environ: Mapping[str, str],
    inputs: Mapping[str, str],
    tracking: str,
    registry: str,
) -> None:
    assert choose(workspace, environ, inputs) == Stores(tracking, registry)


@pytest.mark.parametrize(
    "inputs",
    [
        {"tracking_uri": "databricks://prod"},
        {"tracking_uri": "databricks", "registry_uri": "databricks-uc://prod"},
        {"tracking_uri": "databricks://prod", "registry_uri": "databricks-uc://prod"},
    ],
)
def test_a_profile_is_for_the_login(workspace: Workspace, inputs: Mapping[str, str]) -> None:
    assert choose(workspace, {}, inputs) == Stores("databricks", "databricks-uc")
    environ = login_environ(read(workspace, **inputs), {"A": "b"})
    assert environ == {"A": "b", "DATABRICKS_CONFIG_PROFILE": "prod"}


def test_there_is_one_login(workspace: Workspace) -> None:
    inputs = read(workspace, tracking_uri="databricks://a", registry_uri="databricks-uc://b")

    with pytest.raises(InputFailure, match="`registry-uri` names another profile"):
        login_environ(inputs, {})


@pytest.mark.parametrize(
    ("stores", "expected"),
    [
        (Stores("databricks", "databricks-uc"), True),
        (Stores("http://mlflow:5000", "databricks-uc"), True),
        (Stores("http://mlflow:5000", "http://mlflow:5000"), False),
    ],
)
def test_databricks_is_one_of_the_stores(stores: Stores, *, expected: bool) -> None:
    assert stores.at_databricks is expected


def test_on_github_nothing_configured_is_no_store(workspace: Workspace) -> None:
    assert choose(workspace, {}) is None
    assert choose(workspace, REGISTRY) is None


@pytest.mark.parametrize(
    ("inputs", "on_github"), [({}, False), ({"tracking_uri": "embedded"}, True)]
)
def test_the_embedded_store_is_for_who_asks_for_it_and_off_github_the_last_resort(
    workspace: Workspace, inputs: Mapping[str, str], *, on_github: bool
) -> None:
    stores = choose(workspace, {}, inputs, on_github=on_github)

    folder = workspace.root / ".log-agent"
    uri = f"sqlite:///{folder}/mlflow.db"
    assert stores == Stores(uri, uri, (folder / "artifacts").as_uri())
    assert stores.embedded_folder == folder


@pytest.mark.parametrize("uri", ["databricks", "https://mlflow.acme.com", "sqlite:///mlflow.db"])
def test_only_the_embedded_store_has_a_folder(workspace: Workspace, uri: str) -> None:
    stores = choose(workspace, {}, {"tracking_uri": uri})

    assert stores is not None
    assert stores.embedded_folder is None


def test_not_configured_comes_with_the_lines_to_add() -> None:
    (problem,) = not_configured("register").problems

    assert problem.what.startswith("`tracking-uri`: `mode: register` ")
    for line in ("DATABRICKS_HOST: ", "DATABRICKS_CLIENT_ID: ", "id-token: write", "embedded"):
        assert line in problem.fix
