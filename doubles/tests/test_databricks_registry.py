"""MLflow's client with the stand-in of a workspace, as `databricks` and `databricks-uc`."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import mlflow
import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import platform
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from doubles.databricks import USER, Fault, Workspace
from doubles.databricks.registration import Ending
from doubles.databricks.registry import Cloud
from doubles.s3 import s3

MODEL = "prod.agents.support"

AGENT = """
from uuid import uuid4

import mlflow
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse


class Echo(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        text = request.input[-1].content
        return ResponsesAgentResponse(output=[self.create_text_output_item(text, str(uuid4()))])


mlflow.models.set_model(Echo())
"""


# What Databricks' documentation tells users to run, and then some.
DRIVER = f"""
import json

import mlflow

mlflow.set_experiment("/Shared/agents")
with mlflow.start_run() as run:
    info = mlflow.pyfunc.log_model(
        name="agent",
        python_model="agent.py",
        pip_requirements=["mlflow"],
        registered_model_name="{MODEL}",
    )
client = mlflow.MlflowClient()
client.set_registered_model_alias("{MODEL}", "champion", "1")
client.copy_model_version("models:/{MODEL}/1", "prod.agents.promoted")
loaded = mlflow.pyfunc.load_model("models:/prod.agents.promoted/1")
answer = loaded.predict({{"input": [{{"role": "user", "content": "hello"}}]}})
text = answer["output"][0]["content"][0]["text"]
print(json.dumps({{"run": run.info.run_id, "model": info.model_id, "answer": text}}))
"""

SETTINGS = {
    "MLFLOW_TRACKING_URI": "databricks",
    "MLFLOW_REGISTRY_URI": "databricks-uc",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_PRINT_MODEL_URLS_ON_CREATION": "false",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace for the tests of the registry, each with models of its own."""
    with Workspace(tmp_path_factory.mktemp("workspace")) as workspace:
        workspace.catalog.create("prod.agents", USER)
        yield workspace


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder, made without a store."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "agent.py").write_text(AGENT, encoding="utf-8")
    run(
        "import mlflow\n"
        "mlflow.pyfunc.save_model('model', python_model='agent.py', pip_requirements=['mlflow'])",
        folder,
    )
    return folder / "model"


@pytest.fixture
def registry(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """MLflow's client of the workspace."""
    for name, value in {**home.env, **SETTINGS}.items():
        monkeypatch.setenv(name, value)
    home.violations.clear()
    yield MlflowClient()
    assert home.violations == []


def run(script: str, folder: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program of a user, who sees what MLflow warns of; what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **SETTINGS, **(env or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def test_an_agent_is_logged_registered_and_loaded(
    home: Workspace, registry: MlflowClient, built: Path
) -> None:
    printed = run(DRIVER, built, home.env)

    said = json.loads(printed.splitlines()[-1])
    version = registry.get_model_version_by_alias(MODEL, "champion")
    copy = registry.get_model_version("prod.agents.promoted", "1")
    assert said["answer"] == "hello"
    assert (version.status, version.run_id, version.model_id) == (
        "READY",
        said["run"],
        said["model"],
    )
    assert version.aliases == ["champion"]
    assert (copy.status, copy.run_id, copy.model_id) == ("READY", said["run"], said["model"])
    assert registry.get_logged_model(said["model"]).artifact_location == (
        f"dbfs:/databricks/mlflow-tracking/1/logged_models/{said['model']}/artifacts"
    )
    copied = home.files.paths("/Models/prod/agents/promoted/1")
    # MLflow notes down where it copied from.
    copied.remove("registered_model_meta")
    assert copied == home.files.paths("/Models/prod/agents/support/1")


@pytest.mark.parametrize("sdk_files", [True, False])
def test_files_of_a_version_travel_both_ways(
    home: Workspace, registry: MlflowClient, built: Path, *, sdk_files: bool
) -> None:
    home.registry.sdk_files = sdk_files
    name = f"prod.agents.files_{sdk_files}".lower()
    registry.create_registered_model(name)

    version = registry.create_model_version(name, str(built))
    files = mlflow.artifacts.download_artifacts(f"models:/{name}/1")
    home.registry.sdk_files = True

    assert version.status == "READY"
    assert (Path(files) / "agent.py").read_text(encoding="utf-8") == AGENT


def test_keys_of_a_bucket_are_given_out(
    home: Workspace,
    registry: MlflowClient,
    built: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry.create_registered_model("prod.agents.cloud")
    with s3(tmp_path) as there:
        keys = (there.access_key_id, there.secret_access_key, there.session_token)
        home.registry.cloud = Cloud(there.bucket, *keys)
        monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", there.address)
        try:
            version = registry.create_model_version("prod.agents.cloud", str(built))
            files = mlflow.artifacts.download_artifacts("models:/prod.agents.cloud/1")
        finally:
            home.registry.cloud = None
        kept = there.keys("Models/prod/agents/cloud/1/")

    assert version.status == "READY"
    assert "Models/prod/agents/cloud/1/agent.py" in kept
    assert (Path(files) / "agent.py").read_text(encoding="utf-8") == AGENT


def test_a_search_finds_neither_tags_nor_aliases(
    home: Workspace, registry: MlflowClient, built: Path
) -> None:
    registry.create_registered_model("prod.agents.searched")
    for _ in range(3):
        registry.create_model_version("prod.agents.searched", str(built), tags={"a": "b"})

    found = registry.search_model_versions("name = 'prod.agents.searched'", max_results=2)
    rest = registry.search_model_versions(
        "name = 'prod.agents.searched'", max_results=2, page_token=found.token
    )

    assert [version.version for version in [*found, *rest]] == ["1", "2", "3"]
    plain = requests.get(
        f"{home.host}/api/2.0/mlflow/unity-catalog/model-versions/search",
        {"filter": "name = 'prod.agents.searched'"},
        headers={"Authorization": f"Bearer {home.token}"},
        timeout=60,
    )
    assert not {"tags", "aliases"} & plain.json()["model_versions"][0].keys()
    assert registry.get_model_version("prod.agents.searched", "1").tags == {"a": "b"}
    with pytest.raises(RestException, match="Invalid filter"):
        registry.search_model_versions("tags.a = 'b'")


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"git.commit": "x"}, "reserved characters"),
        ({"k" * 256: "x"}, "1 to 255 characters"),
        ({"key": "v" * 1001}, "more than 1000 characters"),
        ({f"key{number}": "x" for number in range(51)}, "50 tags at most"),
    ],
)
def test_tags_follow_the_rules(
    registry: MlflowClient, built: Path, tags: dict[str, str], why: str
) -> None:
    registry.create_registered_model("prod.agents.tagged")
    try:
        with pytest.raises(RestException, match=why):
            registry.create_model_version("prod.agents.tagged", str(built), tags=tags)
        assert not registry.search_model_versions("name = 'prod.agents.tagged'")
    finally:
        registry.delete_registered_model("prod.agents.tagged")


def test_a_tag_can_be_set_and_deleted(registry: MlflowClient, built: Path) -> None:
    registry.create_registered_model("prod.agents.tags", tags={"team": "a"})
    registry.create_model_version("prod.agents.tags", str(built), tags={"a": "1"})
    registry.set_model_version_tag("prod.agents.tags", "1", "a", "2")
    registry.set_model_version_tag("prod.agents.tags", "1", "b", "3")
    registry.delete_model_version_tag("prod.agents.tags", "1", "b")
    registry.set_registered_model_tag("prod.agents.tags", "team", "b")

    assert registry.get_model_version("prod.agents.tags", "1").tags == {"a": "2"}
    assert registry.get_registered_model("prod.agents.tags").tags == {"team": "b"}
    with pytest.raises(RestException, match="reserved characters"):
        registry.set_model_version_tag("prod.agents.tags", "1", "a-b", "3")


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        # MLflow loses the code when it adds its own hint.
        ("agents.support", "INTERNAL_ERROR", "specify all three levels"),
        ("dev.agents.support", "CATALOG_DOES_NOT_EXIST", "Catalog 'dev' does not exist"),
        ("prod.other.support", "SCHEMA_DOES_NOT_EXIST", "Schema 'prod.other' does not exist"),
        ("prod.agents.taken", "RESOURCE_ALREADY_EXISTS", "already exists"),
    ],
)
def test_a_name_must_fit(
    home: Workspace, registry: MlflowClient, name: str, code: str, why: str
) -> None:
    home.resources.add("table", "prod.agents.taken")

    with pytest.raises(MlflowException, match=why) as refused:
        registry.create_registered_model(name)

    assert refused.value.error_code == code


@pytest.mark.parametrize(
    ("granted", "why"),
    [
        ({}, "User does not have USE CATALOG on Catalog 'prod'"),
        ({"prod": "USE_CATALOG"}, "User does not have USE SCHEMA on Schema 'prod.agents'"),
        (
            {"prod": "USE_CATALOG", "prod.agents": "USE_SCHEMA"},
            "User does not have CREATE MODEL on Schema 'prod.agents'",
        ),
    ],
)
def test_a_privilege_is_needed(
    home: Workspace,
    registry: MlflowClient,
    monkeypatch: pytest.MonkeyPatch,
    granted: dict[str, str],
    why: str,
) -> None:
    stranger = f"stranger-{len(granted)}@example.com"
    for name, privilege in granted.items():
        home.catalog.grant(stranger, name, privilege)
    monkeypatch.setenv("DATABRICKS_TOKEN", home.login.token(stranger))

    with pytest.raises(RestException, match=why) as refused:
        MlflowClient().create_registered_model("prod.agents.strange")

    assert refused.value.error_code == "PERMISSION_DENIED"


def test_aliases_follow_the_rules(registry: MlflowClient, built: Path) -> None:
    registry.create_registered_model("prod.agents.aliases")
    registry.create_model_version("prod.agents.aliases", str(built))
    registry.create_model_version("prod.agents.aliases", str(built))
    registry.set_registered_model_alias("prod.agents.aliases", "champion", "1")
    registry.set_registered_model_alias("prod.agents.aliases", "champion", "2")

    assert registry.get_model_version("prod.agents.aliases", "1").aliases == []
    assert registry.get_model_version("prod.agents.aliases", "2").aliases == ["champion"]
    assert registry.get_registered_model("prod.agents.aliases").aliases == {"champion": "2"}
    with pytest.raises(RestException, match="does not exist"):
        registry.set_registered_model_alias("prod.agents.aliases", "champion", "3")
    registry.delete_model_version("prod.agents.aliases", "2")
    with pytest.raises(RestException, match="Alias 'champion'"):
        registry.get_model_version_by_alias("prod.agents.aliases", "champion")
    # A number is never given twice.
    assert registry.create_model_version("prod.agents.aliases", str(built)).version == "3"


@pytest.mark.parametrize("alias", ["latest", "v1", "a.b", ""])
def test_not_every_alias_can_be(registry: MlflowClient, built: Path, alias: str) -> None:
    name = "prod.agents.support"
    api = WorkspaceClient().api_client
    path = "/api/2.0/mlflow/unity-catalog/registered-models/alias"

    # MLflow's client refuses some by itself.
    with pytest.raises(platform.InvalidParameterValue, match="Invalid alias name"):
        api.do("POST", path, body={"name": name, "alias": alias, "version": "1"})


def test_names_are_kept_in_lower_case(registry: MlflowClient) -> None:
    assert registry.create_registered_model("Prod.Agents.Upper").name == "prod.agents.upper"
    assert registry.get_registered_model("prod.AGENTS.upper").name == "prod.agents.upper"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("fileless", None, "The model version has no MLmodel file."),
        ("unsigned", b"flavors: {}", "did not contain a signature with output types"),
        ("inputs", b"signature: {inputs: '[]'}", "did not contain a signature with output types"),
    ],
)
def test_a_version_without_outputs_never_is_ready(
    home: Workspace, registry: MlflowClient, name: str, content: bytes | None, why: str
) -> None:
    full_name = f"prod.agents.{name}"
    registry.create_registered_model(full_name)
    sdk = WorkspaceClient()
    unity = "/api/2.0/mlflow/unity-catalog/model-versions"
    sdk.api_client.do("POST", f"{unity}/create", body={"name": full_name, "source": "x"})
    if content is not None:
        sdk.files.upload(f"/Models/prod/agents/{name}/1/MLmodel", io.BytesIO(content))

    with pytest.raises(platform.InvalidParameterValue, match=why):
        sdk.api_client.do("POST", f"{unity}/finalize", body={"name": full_name, "version": "1"})

    assert registry.get_model_version(full_name, "1").status == "FAILED_REGISTRATION"


def test_a_version_can_end_otherwise_and_later(
    home: Workspace, registry: MlflowClient, built: Path
) -> None:
    name = "prod.agents.late"
    registry.create_registered_model(name)
    home.registry.registrations.ending = Ending("FAILED_REGISTRATION", looks=2, message="No disk.")

    created = registry.create_model_version(name, str(built))
    home.registry.registrations.ending = Ending()
    with pytest.raises(RestException, match="is in PENDING_REGISTRATION state"):
        registry.set_registered_model_alias(name, "champion", "1")
    looks = [registry.get_model_version(name, "1") for _ in range(3)]
    with pytest.raises(RestException, match="is in FAILED_REGISTRATION state"):
        registry.set_registered_model_alias(name, "champion", "1")

    assert created.status == looks[0].status == "PENDING_REGISTRATION"
    assert {(look.status, look.status_message) for look in looks[1:]} == {
        ("FAILED_REGISTRATION", "No disk.")
    }
    assert registry.create_model_version(name, str(built)).status == "READY"


def test_a_create_that_is_sent_twice_leaves_a_version_behind(
    home: Workspace, registry: MlflowClient, built: Path
) -> None:
    registry.create_registered_model("prod.agents.twice")
    home.faults.add(Fault(path="model-versions/create", reset="after"))

    version = registry.create_model_version("prod.agents.twice", str(built))

    assert (version.version, version.status) == ("2", "READY")
    assert registry.get_model_version("prod.agents.twice", "1").status == "PENDING_REGISTRATION"
    assert home.faults.waiting == ()


@pytest.mark.parametrize(
    ("name", "why"),
    [("agents", "must be an absolute path"), ("/Nowhere/agents", "/Nowhere does not exist")],
)
def test_an_experiment_lives_in_a_folder(registry: MlflowClient, name: str, why: str) -> None:
    with pytest.raises(RestException, match=why):
        registry.create_experiment(name)


def test_files_are_final_once_a_version_is_ready(
    home: Workspace, registry: MlflowClient, built: Path
) -> None:
    registry.create_registered_model("prod.agents.final")
    registry.create_model_version("prod.agents.final", str(built))
    sdk = WorkspaceClient(host=home.host, token=home.token)

    with pytest.raises(platform.PermissionDenied, match="final"):
        sdk.files.upload("/Models/prod/agents/final/1/MLmodel", io.BytesIO(b""), overwrite=True)
    with pytest.raises(platform.NotFound):
        sdk.files.upload("/Models/prod/agents/final/2/MLmodel", io.BytesIO(b""), overwrite=True)


def test_what_was_only_asked_is_no_write(home: Workspace, registry: MlflowClient) -> None:
    before = len(home.writes)

    registry.search_model_versions("name = 'prod.agents.support'")
    registry.search_registered_models()
    registry.search_logged_models(["0"])
    asked = len(home.writes)
    registry.create_experiment("/Shared/more")

    assert asked == before
    assert home.writes[-1].path == "/api/2.0/mlflow/experiments/create"


def test_two_workspaces_do_not_mix(home: Workspace, tmp_path: Path) -> None:
    path = "/api/2.0/mlflow/experiments"
    with Workspace(tmp_path) as other:
        theirs = WorkspaceClient(host=other.host, token=other.token).api_client
        ours = WorkspaceClient(host=home.host, token=home.token).api_client
        theirs.do("POST", f"{path}/create", body={"name": "/Shared/theirs"})

        with pytest.raises(platform.ResourceDoesNotExist):
            ours.do("GET", f"{path}/get-by-name", query={"experiment_name": "/Shared/theirs"})
        found = theirs.do("GET", f"{path}/get-by-name", query={"experiment_name": "/Shared/theirs"})

    assert found
