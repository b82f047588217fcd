"""The registered version that an agent is compared with, found and read in every kind of store."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from doubles.databricks import USER, Fault, Workspace
from doubles.mlflow_server import mlflow_server
from doubles.unity_catalog import create_schema, unity_catalog
from entrypoint.agent.manifest import Manifest, ManifestInputs, laid_out
from entrypoint.comparison.changes import Comparison
from entrypoint.comparison.compare import compare
from entrypoint.comparison.snapshot import Snapshot
from entrypoint.databricks.auth.workspace_host import Identity
from entrypoint.inputs.model_name import ModelName
from entrypoint.registry.baseline import BaselineFailure, BaselineRegistry, RegisteredVersion
from entrypoint.registry.labels import Labels
from entrypoint.registry.publication_result import Published
from entrypoint.registry.publish.publish import Publication, publish
from entrypoint.registry.session import Session
from entrypoint.registry.stores import MLFLOW_SETTINGS, Stores
from entrypoint.runtime.errors import InputFailure
from entrypoint.runtime.log import PlainLog
from tests.integration.publisher import SHA
from tests.integration.site import build

pytestmark = pytest.mark.exhaustive

numbers = count()
QUICK = {
    "MLFLOW_ENABLE_DB_SDK": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
}


@dataclass
class Agent:
    """An agent in a checkout, and the model that was built of it."""

    folder: Path
    model: Path
    code_paths: Path = field(init=False)
    requirements: tuple[str, ...] = ("mlflow==3.17.2", "pandas==2.2.0")
    given: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.code_paths = self.folder / "code_paths"

    @property
    def file(self) -> Path:
        return self.model / "agent.py"

    @property
    def manifest(self) -> Manifest:
        files, places = laid_out(self.file, self.code_paths, [])
        return Manifest.of(
            ManifestInputs(files, "auto", "3.12", self.requirements, places, self.given)
        )

    def write(self, name: str, text: str) -> None:
        """Write a file of its code paths, in the checkout and in the model."""
        for folder in (self.code_paths, self.model / "code"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot.of_agent(self.manifest, self.file, self.code_paths, self.model)


@dataclass
class Forged(Agent):
    """An agent whose manifest says something else."""

    text: str = ""

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.text)


@dataclass
class Place:
    """Stores, and a model's name that nobody else uses."""

    stores: Stores
    host: str = ""
    writes: Callable[[], list[str]] = list
    name: ModelName = field(init=False)

    def __post_init__(self) -> None:
        self.name = ModelName("prod", "agents", f"agent_{next(numbers)}")

    def publish(self, agent: Agent, *aliases: str) -> None:
        """Register the agent as log-agent does."""
        log = PlainLog(io.StringIO())
        labels = Labels(
            f"/Shared/{self.name}",
            "run",
            {},
            "agent",
            SHA,
            {"git_commit": SHA},
            aliases,
            "An agent.",
        ).with_digest(agent.manifest.digest)
        publication = Publication(agent.model, agent.manifest, str(self.name), labels)
        publish(publication, Session(self.stores, Identity(), log), Published())

    def register(self, model: Path) -> ModelVersion:
        """Register a model as it is, as somebody without log-agent does."""
        log = PlainLog(io.StringIO())
        client = Session(self.stores, Identity(), log).client
        client.create_registered_model(str(self.name))
        return client.create_model_version(str(self.name), str(model))

    def find(self, wanted: str = "", principal: str = "") -> RegisteredVersion | None:
        log = PlainLog(io.StringIO())
        who = Identity(self.host, principal)
        return BaselineRegistry(self.stores, self.name, who, log).find(wanted)

    def found(self, wanted: str = "") -> RegisteredVersion:
        found = self.find(wanted)
        assert found
        return found

    def compared(self, agent: Agent, folder: Path, wanted: str = "") -> Comparison:
        folder.mkdir()
        found = self.found(wanted)
        before = found.fetch(agent.manifest, folder)
        return compare(found.baseline, before, agent.snapshot, lambda text: text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture
def agent(built: Path, tmp_path: Path) -> Agent:
    """An agent with code paths."""
    shutil.copytree(built, tmp_path / "agent" / "model")
    agent = Agent(tmp_path / "agent", tmp_path / "agent" / "model")
    agent.write("tools/search.py", "def search():\n    return 1\n")
    agent.write("tools/same.py", "SAME = True\n")
    return agent


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of MLflow's own, so that they are as they were before.
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**MLFLOW_SETTINGS, **QUICK}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(tmp_path_factory.mktemp("databricks")) as home:
        home.catalog.create("prod.agents", USER)
        yield home


@pytest.fixture
def databricks(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, value in home.env.items():
        monkeypatch.setenv(name, value)
    home.registry.sdk_files = True
    yield Place(
        Stores("databricks", "databricks-uc"),
        home.env["DATABRICKS_HOST"],
        lambda: [f"{call.verb} {call.path}" for call in home.writes],
    )
    home.faults.clear()
    assert home.violations == []


@pytest.fixture
def databricks_presigned(databricks: Place, home: Workspace) -> Place:
    home.registry.sdk_files = False
    return databricks


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an embedded store, whose tables are made once."""
    folder = tmp_path_factory.mktemp("workspace") / ".log-agent"
    folder.mkdir()
    MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments(max_results=1)
    return folder


@pytest.fixture
def embedded(store: Path) -> Place:
    uri = f"sqlite:///{store}/mlflow.db"
    return Place(Stores(uri, uri, (store / "artifacts").as_uri()))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture
def server(address: str) -> Place:
    return Place(Stores(address, address))


@pytest.fixture
def catalog(store: Path, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "catalog"
    folder.mkdir()
    uri = f"sqlite:///{store}/mlflow.db"
    with unity_catalog(folder) as double:
        create_schema(double.address, "prod.agents")
        yield Place(
            Stores(uri, f"uc:{double.address}", (store / "artifacts").as_uri()),
            writes=lambda: list(double.writes),
        )
        assert double.violations == []


PLACES = ["embedded", "server", "databricks", "databricks_presigned", "catalog"]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def test_a_change_is_seen_and_nothing_is_written(
    place: Place, agent: Agent, tmp_path: Path
) -> None:
    assert place.find() is None
    agent.given = {"model_config": {"retriever": {"k": 3}}}
    place.publish(agent)
    writes = place.writes()

    agent.write("tools/search.py", "def search():\n    return 2\n")
    agent.write("tools/new.py", "NEW = True\n")
    agent.requirements = ("mlflow==3.17.2", "pandas==3.0.0")
    agent.given = {"model_config": {"retriever": {"k": 5}}}
    comparison = place.compared(agent, tmp_path / "baseline")

    assert place.writes() == writes
    assert [(each.path, each.change) for each in comparison.files] == [
        ("code/tools/new.py", "added"),
        ("code/tools/search.py", "changed"),
    ]
    new, search = comparison.files
    assert (new.added_lines, new.removed_lines) == (1, 0)
    assert search.diff.splitlines() == [
        "@@ -1,2 +1,2 @@",
        " def search():",
        "-    return 1",
        "+    return 2",
    ]
    (step,) = comparison.requirements
    assert (step.name, step.before, step.after, step.is_major) == ("pandas", "2.2.0", "3.0.0", True)
    (key,) = comparison.config
    assert (key.key, key.before, key.after) == ("retriever.k", "3", "5")
    assert comparison.signature == ()
    assert comparison.flavor is None
    assert comparison.not_known == ()
    assert not comparison.is_same
    fetched = [path.name for path in (tmp_path / "baseline").rglob("*") if path.is_file()]
    assert sorted(fetched) == ["MLmodel", "manifest.json", "search.py"]

    baseline = comparison.baseline
    assert baseline
    assert baseline.model_uri == f"models:/{place.name}/1"
    assert baseline.version == "1"


def test_what_is_registered_already_is_the_same(place: Place, agent: Agent, tmp_path: Path) -> None:
    place.publish(agent)

    comparison = place.compared(agent, tmp_path / "baseline")

    assert comparison.is_same
    assert comparison.files == ()
    assert not (tmp_path / "baseline" / "MLmodel").exists()


# Not a server: it takes no files of the client's machine.
@pytest.mark.parametrize("place", [each for each in PLACES if each != "server"], indirect=True)
def test_a_version_made_without_log_agent(place: Place, agent: Agent, tmp_path: Path) -> None:
    folder = place.stores.embedded_folder
    old = shutil.copytree(agent.model, (folder or tmp_path) / f"made {place.name}")
    shutil.rmtree(old / "log_agent")
    (old / "requirements.txt").write_text("mlflow==2.22.0\nrequests\n", encoding="utf-8")
    place.register(old)

    agent.write("tools/search.py", "def search():\n    return 2\n")
    comparison = place.compared(agent, tmp_path / "baseline")

    assert [(each.path, each.change) for each in comparison.files] == [
        ("code/tools/search.py", "changed")
    ]
    assert "+    return 2" in comparison.files[0].diff
    steps = [(each.name, each.before, each.after) for each in comparison.requirements]
    assert ("mlflow", "2.22.0", "3.17.2") in steps
    assert "pandas" not in {name for name, _, _ in steps}
    assert comparison.signature == ()
    assert set(comparison.not_known) == {
        "input example",
        "packages that its requirements don't name",
    }


def test_the_highest_ready_version_is_found(place: Place, agent: Agent) -> None:
    for number in range(3):
        agent.write("tools/search.py", f"def search():\n    return {number}\n")
        place.publish(agent)

    baseline = place.found().baseline

    assert baseline.version == "3"
    if place.stores.registry_uri.startswith("uc:"):
        assert (baseline.commit, baseline.digest) == ("", "")
    else:
        assert (baseline.commit, baseline.digest) == (SHA, agent.manifest.digest)


def test_a_version_is_found_by_number(place: Place, agent: Agent) -> None:
    assert place.find("7") is None
    place.publish(agent)

    assert place.found("1").baseline.version == "1"
    with pytest.raises(InputFailure) as refused:
        place.find("7")
    (problem,) = refused.value.problems
    assert problem.what == f"`baseline`: `{place.name}` has no version 7."
    assert problem.fix == "There is: 1."


@pytest.mark.parametrize("place", PLACES[:-1], indirect=True)
def test_a_version_is_found_by_alias(place: Place, agent: Agent) -> None:
    assert place.find("champion") is None
    place.publish(agent, "champion", "candidate")
    agent.write("tools/search.py", "")
    place.publish(agent, "candidate")

    for wanted in ("champion", "@champion"):
        baseline = place.found(wanted).baseline
        assert (baseline.version, baseline.aliases) == ("1", ("champion",))
    with pytest.raises(InputFailure) as refused:
        place.find("winner")
    (problem,) = refused.value.problems
    assert problem.what == f"`baseline`: `{place.name}` has no alias `winner`."
    assert problem.fix == "There is: candidate (version 2), champion (version 1)."


def test_a_registry_without_aliases_says_so(catalog: Place, agent: Agent) -> None:
    catalog.publish(agent)

    with pytest.raises(InputFailure) as refused:
        catalog.find("@champion")
    assert "knows no aliases" in str(refused.value)
    assert "baseline: 3" in refused.value.problems[0].fix


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/.log-agent/mlflow.db"
    place = Place(Stores(uri, uri, f"file://{tmp_path}/.log-agent/artifacts"))

    assert place.find() is None

    assert list(tmp_path.iterdir()) == []


def test_a_tracking_store_that_is_not_there_is_not_made(catalog: Place, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/.log-agent/mlflow.db"
    place = Place(Stores(uri, catalog.stores.registry_uri, "file:///nowhere"))

    assert place.find() is None

    assert not (tmp_path / ".log-agent").exists()


def test_few_requests_are_made(
    databricks: Place, home: Workspace, agent: Agent, tmp_path: Path
) -> None:
    databricks.publish(agent)
    agent.write("tools/search.py", "def search():\n    return 2\n")
    before = len(home.calls)

    databricks.compared(agent, tmp_path / "baseline")

    path = f"/api/2.0/fs/files/Models/{str(databricks.name).replace('.', '/')}/1"
    registry = "/api/2.0/mlflow/unity-catalog"
    enabled = "is-databricks-sdk-models-artifact-repository-enabled"
    assert [f"{call.verb} {call.path}" for call in home.calls[before:]] == [
        f"GET {registry}/model-versions/search",
        f"GET {registry}/model-versions/get",
        f"GET {registry}/registered-models:{enabled}",
        "GET /.well-known/databricks-config",
        f"GET {path}/log_agent/manifest.json",
        f"GET {path}/MLmodel",
        f"GET {path}/code/tools/search.py",
    ]

    before = len(home.calls)
    agent.write("tools/search.py", "def search():\n    return 1\n")
    assert databricks.compared(agent, tmp_path / "again").is_same
    assert len(home.calls) - before == 2


def test_who_may_not_read_is_told_what_to_grant(
    databricks: Place, home: Workspace, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    databricks.publish(agent)
    monkeypatch.setenv("DATABRICKS_TOKEN", home.login.token("reader@example.com"))
    home.catalog.grant("reader@example.com", "prod", "USE_CATALOG")
    home.catalog.grant("reader@example.com", "prod.agents", "USE_SCHEMA")

    for wanted in ("", "1", "champion"):
        with pytest.raises(BaselineFailure) as refused:
            databricks.find(wanted, "reader@example.com")
        (problem,) = refused.value.problems
        assert "`reader@example.com` has no EXECUTE" in problem.what
        assert f"GRANT EXECUTE ON FUNCTION {databricks.name} TO" in problem.fix


def test_a_registry_that_fails_is_named(
    databricks: Place, home: Workspace, agent: Agent, tmp_path: Path
) -> None:
    databricks.publish(agent)
    found = databricks.found()
    agent.write("tools/search.py", "")
    home.faults.add(Fault(path="/Models/", status=403, body={"error_code": "PERMISSION_DENIED"}))

    with pytest.raises(BaselineFailure) as refused:
        found.fetch(agent.manifest, tmp_path)
    assert f"`{databricks.name}` in `databricks-uc` can't be read" in str(refused.value)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "http://127.0.0.1:9"

    with pytest.raises(BaselineFailure) as refused:
        Place(Stores(address, address)).find()
    assert address in str(refused.value)


def test_links_in_an_embedded_store_lead_nowhere(
    embedded: Place, store: Path, agent: Agent, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("def search():\n    return 'secret'\n", encoding="utf-8")
    agent.write("tools/linked.py", "def search():\n    return 1\n")
    embedded.publish(agent)
    (stored,) = store.rglob("linked.py")
    stored.unlink()
    stored.symlink_to(secret)
    agent.write("tools/linked.py", "def search():\n    return 2\n")

    comparison = embedded.compared(agent, tmp_path / "baseline")

    (change,) = comparison.files
    assert (change.change, change.diff) == ("changed", "")
    assert not (tmp_path / "baseline/code").exists()


def test_an_embedded_store_that_leads_out_of_its_folder(
    embedded: Place, agent: Agent, tmp_path: Path
) -> None:
    embedded.register(agent.model)

    with pytest.raises(BaselineFailure) as refused:
        embedded.found().fetch(agent.manifest, tmp_path)
    assert "can't be read" in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["agent"]


@pytest.mark.parametrize("place", ["embedded", "databricks"], indirect=True)
def test_a_manifest_that_anybody_wrote(place: Place, agent: Agent, tmp_path: Path) -> None:
    hashed = {"sha256": "00", "size": 3}
    names = ("", "MLmodel/x", "a" * 300, "\ud800", "agent.py/x", "artifacts", "code", "log_agent")
    content = {
        **agent.manifest.content,
        "files": dict.fromkeys(names, hashed) | {"code/lies.py": {"sha256": [], "size": "1"}},
        "requirements": {"mlflow": 1},
    }
    agent.write("lies.py", "LIES = True\n")
    place.publish(Forged(agent.folder, agent.model, text=json.dumps(content)))

    comparison = place.compared(agent, tmp_path / "baseline")

    # It is compared like one without a manifest.
    assert "packages that its requirements don't name" in comparison.not_known
    assert [each.path for each in comparison.files] == []
    assert {path.name for path in tmp_path.iterdir()} == {"agent", "baseline"}
