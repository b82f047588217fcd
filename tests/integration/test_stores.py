"""The same job on every kind of store: one suite, and a table of what each kind can do.

An agent is registered and loaded everywhere; what else can happen to it is tried on the three kinds
that differ most.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion

from doubles import unity_catalog_server as real_catalog
from doubles.databricks import USER, Workspace
from doubles.databricks.registry import Cloud
from doubles.mlflow_server import mlflow_server
from doubles.postgresql import postgresql
from doubles.runner import PULL_REQUEST, PUSH_TO_MAIN, SHA, Event, Runner, Step
from doubles.s3 import s3
from doubles.unity_catalog import create_schema, unity_catalog
from tests.integration.conftest import ECHO, Checkout
from tests.tools import do_without, require

pytestmark = pytest.mark.exhaustive

OTHER_SHA = "9c3d1b0a5e7f42688d3c0b9a7e5f1d2c4b6a8e90"
SCHEMA = "prod.agents"
LOUDER = ECHO.replace("request.input[-1].content", "request.input[-1].content.upper()")
QUESTION = {"input": [{"role": "user", "content": "Is anybody there?"}]}
LOAD = """
import json, sys, mlflow
agent = mlflow.pyfunc.load_model(sys.argv[1])
print(json.dumps(agent.predict(json.loads(sys.argv[2]))))
"""


@dataclass(frozen=True)
class Place:
    """Where a tracking store or a registry is."""

    tracking_uri: str = ""
    """As a step is given it."""
    registry_uri: str = ""
    """As a step is given it, where it isn't the tracking store's own."""
    address: str = ""
    """As MLflow's client takes a tracking store that a step calls otherwise."""
    env: Mapping[str, str] = field(default_factory=dict)
    run_page: str = ""
    version_page: str = ""
    writes: Callable[[], list[str]] = list
    """Every request so far that was to change something, where they are counted."""
    violations: Callable[[], list[str]] = list
    """Every request so far that the real server would not take, where they are judged."""
    prepare: Callable[[], None] = lambda: None
    has_file: Callable[[str], bool] = lambda _: True
    """Whether a file of a version, as `Models/…`, went the way that it should.

    Of a way that doesn't work, MLflow silently tries the next.
    """


@dataclass(frozen=True)
class Kind:
    """A kind of store: the fixtures of its two places, and what its registry can do."""

    tracking: str
    registry: str = ""
    aliases: bool = True
    tags: bool = True
    search_by_run: bool = True


FEW = {"aliases": False, "tags": False, "search_by_run": False}
KINDS = {
    "Databricks by the Files API": Kind("databricks"),
    "embedded": Kind("embedded"),
    "embedded and a Unity Catalog stand-in": Kind("embedded", "catalog", **FEW),
    "MLflow server on SQLite": Kind("server"),
    "MLflow server on PostgreSQL": Kind("server_on_postgresql"),
    "Databricks by presigned URLs": Kind("databricks_presigned"),
    "Databricks by keys for S3": Kind("databricks_s3"),
    "MLflow server and Unity Catalog": Kind("server", "catalog_server", **FEW),
    "Databricks and a Unity Catalog stand-in": Kind("databricks", "catalog", **FEW),
    "MLflow server and Databricks": Kind("server", "databricks"),
}
# MLflow's REST API and Unity Catalog, SQL, and a registry without aliases and tags: the first three
# of the table, for pytest makes a store only once where its place in both lists is the same.
on_three_kinds = pytest.mark.parametrize("store", list(KINDS)[:3], indirect=True)


@dataclass
class Store:
    """One kind of store, and an agent that is registered there."""

    kind: Kind
    tracking: Place
    registry: Place
    checkout: Checkout
    client: MlflowClient
    first: Step = field(init=False)
    writes_of_first: list[str] = field(init=False)

    def register_first(self) -> None:
        before = len(self.writes())
        self.first = self.run(aliases="champion\n{branch}", tags="team=search")
        self.writes_of_first = self.writes()[before:]

    def run(
        self, agent: str = ECHO, *, sha: str = SHA, event: Event = PUSH_TO_MAIN, **inputs: str
    ) -> Step:
        """Run the step, which must succeed."""
        given = {"tracking-uri": self.tracking.tracking_uri}
        if self.registry is not self.tracking:
            given["registry-uri"] = self.registry.registry_uri
        step = self.checkout.run(agent, given, event=event, env={"GITHUB_SHA": sha}, **inputs)
        assert step.status == 0, step.log
        return step

    def writes(self) -> list[str]:
        """What was to be written in either place."""
        return [write for place in self.places for write in place.writes()]

    @property
    def places(self) -> list[Place]:
        return [self.tracking, *([self.registry] if self.registry is not self.tracking else [])]

    def versions(self) -> dict[int, ModelVersion]:
        """Every version of the agent by its number, oldest first."""
        name = self.checkout.target
        token, numbers = None, []
        while token != "":
            page = self.client.search_model_versions(f"name='{name}'", page_token=token)
            numbers += [int(found.version) for found in page]
            token = page.token or ""
        return {n: self.client.get_model_version(name, str(n)) for n in sorted(numbers)}

    def version(self, step: Step) -> ModelVersion:
        return self.client.get_model_version(self.checkout.target, step.outputs["model-version"])

    def logged_model(self, step: Step) -> LoggedModel:
        return self.client.get_logged_model(step.outputs["logged-model-uri"].split("/")[-1])

    def check_alias(self, alias: str, step: Step) -> None:
        """Hold an alias against the version that it should point to, where there are aliases."""
        if self.kind.aliases:
            found = self.client.get_model_version_by_alias(self.checkout.target, alias)
            assert str(found.version) == step.outputs["model-version"], alias

    def check_commits(self, step: Step, *commits: str) -> None:
        """Hold the record of commits against those that it should have, newest first."""
        labelled = [("the logged model", self.logged_model(step).tags)]
        if self.kind.tags:
            labelled.append(("the version", self.version(step).tags))
        for what, tags in labelled:
            assert tags["git_commits"].split() == list(commits), what
            assert tags["git_commit"] == commits[-1], what

    def check_notice(self, step: Step) -> None:
        """What the registry can't do is said in one notice, and there is none where it can."""
        said = [notice for notice in step.commands("notice") if "registry" in notice]
        if self.kind.aliases and self.kind.tags:
            assert said == []
            return
        (notice,) = said
        assert self.registry.registry_uri in notice
        assert "tags" in notice
        assert "aliases" in notice

    def contents(self) -> dict[str, Any]:
        """All that is there."""
        ids = [experiment.experiment_id for experiment in self.client.search_experiments()]
        models = self.client.search_logged_models(ids)
        return {
            "experiments": ids,
            "runs": [run.to_dictionary() for run in self.client.search_runs(ids)],
            "logged models": [model.to_dictionary() for model in models],
            "versions": [dict(version) for version in self.versions().values()],
            "writes": self.writes(),
        }


@pytest.fixture(scope="module", params=KINDS)
def store(
    request: pytest.FixtureRequest, workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Each kind of store in turn, with one agent registered in it."""
    number, kind = list(KINDS).index(request.param), KINDS[request.param]
    tracking: Place = request.getfixturevalue(kind.tracking)
    registry: Place = request.getfixturevalue(kind.registry) if kind.registry else tracking
    tracking.prepare()
    registry.prepare()
    env = {**tracking.env, **registry.env}
    with pytest.MonkeyPatch.context() as environment:
        # For MLflow's client in this process, which else takes minutes to give up.
        for name, value in {**env, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}.items():
            environment.setenv(name, value)
        runner = Runner(workspace, tmp_path_factory.mktemp("runner_temp"), env)
        address = tracking.address or tracking.tracking_uri
        store = Store(
            kind,
            tracking,
            registry,
            Checkout(runner, f"store_{number}"),
            MlflowClient(address, registry.registry_uri or address),
        )
        store.register_first()
        yield store
        assert [each for place in store.places for each in place.violations()] == []


@pytest.fixture(scope="module")
def embedded(workspace: Path) -> Place:
    return Place("embedded", address=f"sqlite:///{workspace}/.log-agent/mlflow.db")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with mlflow_server(tmp_path_factory.mktemp("server")) as address:
        yield on_server(address)


@pytest.fixture(scope="module")
def server_on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    require("postgresql")
    folder = tmp_path_factory.mktemp("server")
    with postgresql() as database, mlflow_server(folder, database) as address:
        yield on_server(address)


def on_server(address: str) -> Place:
    return Place(
        address,
        run_page=f"{address}/#/experiments/{{experiment}}/runs/{{run}}",
        version_page=f"{address}/#/models/{SCHEMA}.{{model}}/versions/{{version}}",
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(tmp_path_factory.mktemp("databricks")) as home:
        home.catalog.create(SCHEMA, USER)
        yield home


@pytest.fixture(scope="module")
def databricks(home: Workspace) -> Place:
    def has_file(path: str) -> bool:
        return f"PUT /api/2.0/fs/files/{path}" in writes_of(home)

    return on_databricks(home, has_file)


@pytest.fixture(scope="module")
def databricks_presigned(home: Workspace) -> Place:
    def has_file(path: str) -> bool:
        asked = [call for call in home.calls if call.path.endswith("/create-upload-url")]
        return any(path.encode() in call.body for call in asked)

    return on_databricks(home, has_file, sdk_files=False)


@pytest.fixture(scope="module")
def databricks_s3(home: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with s3(tmp_path_factory.mktemp("s3")) as bucket:
        keys = (bucket.access_key_id, bucket.secret_access_key, bucket.session_token)
        yield on_databricks(
            home,
            lambda path: bucket.keys(path) == [path],
            cloud=Cloud(bucket.bucket, *keys),
            env={"MLFLOW_S3_ENDPOINT_URL": bucket.address},
        )


def on_databricks(
    home: Workspace,
    has_file: Callable[[str], bool],
    *,
    sdk_files: bool = True,
    cloud: Cloud | None = None,
    env: Mapping[str, str] | None = None,
) -> Place:
    def prepare() -> None:
        home.registry.sdk_files = sdk_files
        home.registry.cloud = cloud

    pages = f"{home.host}/explore/data/models/{SCHEMA.replace('.', '/')}"
    return Place(
        "databricks",
        "databricks-uc",
        env={**home.env, **(env or {})},
        run_page=f"{home.host}/ml/experiments/{{experiment}}/runs/{{run}}?o={home.id}",
        version_page=f"{pages}/{{model}}/version/{{version}}?o={home.id}",
        writes=lambda: writes_of(home),
        violations=lambda: home.violations,
        prepare=prepare,
        has_file=has_file,
    )


def writes_of(home: Workspace) -> list[str]:
    return [f"{call.verb} {call.path}" for call in home.writes]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with unity_catalog(tmp_path_factory.mktemp("catalog")) as double:
        create_schema(double.address, SCHEMA)
        yield Place(
            registry_uri=f"uc:{double.address}",
            writes=lambda: list(double.writes),
            violations=lambda: double.violations,
        )


@pytest.fixture(scope="module")
def catalog_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    require("java")
    require("maven")
    try:
        jars = real_catalog.fetch()
    except real_catalog.NotFetched as why:
        do_without("maven", f"maven can't get Unity Catalog's server: {why}")
    with real_catalog.unity_catalog_server(jars, tmp_path_factory.mktemp("catalog")) as address:
        create_schema(address, SCHEMA)
        yield Place(registry_uri=f"uc:{address}")


def test_an_agent_is_registered(store: Store) -> None:
    step, target = store.first, store.checkout.target
    outputs = step.outputs
    labels = {
        "git_commit": SHA,
        "git_repository": "acme/agents",
        "git_ref": "refs/heads/main",
        "github_run_id": "42",
        "log_agent_digest": outputs["digest"],
        "team": "search",
    }

    model = store.logged_model(step)
    assert model.status == LoggedModelStatus.READY
    assert model.tags.items() >= labels.items()

    version = store.version(step)
    assert (version.name, str(version.version), version.status) == (target, "1", "READY")
    assert version.run_id == outputs["run-id"]
    assert f"/acme/agents/commit/{SHA}" in str(version.description)
    if store.kind.tags:
        assert version.tags.items() >= labels.items()
        assert [write for write in store.writes_of_first if "set-tag" in write] == []
    if store.kind.search_by_run:
        found = store.client.search_model_versions(f"run_id='{outputs['run-id']}'")
        assert [(each.name, str(each.version)) for each in found] == [(target, "1")]
    if store.kind.aliases and store.writes_of_first:
        assert "alias" in store.writes_of_first[-1], "aliases come last"
    store.check_alias("champion", step)
    store.check_alias("main", step)
    store.check_commits(step, SHA)
    store.check_notice(step)
    assert store.registry.has_file(f"Models/{target.replace('.', '/')}/1/MLmodel")

    run = store.client.get_run(outputs["run-id"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.source.git.commit"] == SHA
    assert run.data.tags["git_repository"] == "acme/agents"
    assert run.outputs
    assert [each.model_id for each in run.outputs.model_outputs] == [model.model_id]

    assert outputs["model-uri"] == f"models:/{target}/1"
    assert outputs["reused"] == "false"
    assert outputs["run-url"] == store.tracking.run_page.format(
        experiment=outputs["experiment-id"], run=outputs["run-id"]
    )
    assert outputs["model-url"] == store.registry.version_page.format(
        model=store.checkout.name, version="1"
    )


def test_a_registered_agent_is_loaded(store: Store) -> None:
    address = store.tracking.address or store.tracking.tracking_uri
    uris = {
        "MLFLOW_TRACKING_URI": address,
        "MLFLOW_REGISTRY_URI": store.registry.registry_uri or address,
    }
    argv = [sys.executable, "-c", LOAD, store.first.outputs["model-uri"], json.dumps(QUESTION)]

    done = subprocess.run(
        argv,
        cwd=store.checkout.runner.temp,
        env={**os.environ, **uris},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert "Is anybody there?" in done.stdout


@on_three_kinds
def test_the_same_agent_is_registered_once(store: Store) -> None:
    before = list(store.versions())

    other = store.run(sha=OTHER_SHA, aliases="candidate")

    assert list(store.versions()) == before
    for output in ("model-uri", "logged-model-uri", "run-id", "digest", "run-url", "model-url"):
        assert other.outputs[output] == store.first.outputs[output], output
    assert other.outputs["reused"] == "true"
    assert "Build" not in other.log
    store.check_alias("candidate", other)
    store.check_alias("champion", other)
    store.check_commits(other, OTHER_SHA, SHA)
    store.check_notice(other)


@on_three_kinds
def test_a_preview_writes_nothing(store: Store) -> None:
    before = store.contents()

    step = store.run(LOUDER, event=PULL_REQUEST, verify="off")

    assert store.contents() == before
    assert step.outputs["mode"] == "preview"
    assert (step.outputs["model-version"], step.outputs["run-id"]) == ("", "")


@on_three_kinds
def test_a_change_makes_a_version_to_which_the_alias_moves(store: Store) -> None:
    before = list(store.versions())

    changed = store.run(LOUDER, sha=OTHER_SHA, aliases="champion", verify="off")

    versions = store.versions()
    assert list(versions) == [*before, before[-1] + 1]
    assert {version.status for version in versions.values()} == {"READY"}
    assert changed.outputs["model-version"] == str(before[-1] + 1)
    assert changed.outputs["reused"] == "false"
    assert changed.outputs["digest"] != store.first.outputs["digest"]
    store.check_alias("champion", changed)
    store.check_alias("main", store.first)
    store.check_commits(changed, OTHER_SHA)


@on_three_kinds
def test_the_same_agent_is_registered_again_when_asked(store: Store) -> None:
    before = list(store.versions())

    again = store.run(if_unchanged="register", verify="off")

    assert list(store.versions()) == [*before, before[-1] + 1]
    assert again.outputs["model-version"] == str(before[-1] + 1)
    assert again.outputs["reused"] == "false"
    assert again.outputs["digest"] == store.first.outputs["digest"]
    assert store.version(again).status == "READY"
