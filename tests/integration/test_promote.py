"""Promoting what is registered: found, checked, copied once, and told in the release's notes."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from doubles.databricks import USER, Workspace
from doubles.databricks.request import Principal
from doubles.github import GitHub, Judge
from doubles.runner import REPOSITORY, SHA, Event, Runner, Step
from doubles.unity_catalog import create_schema, unity_catalog
from tests.integration.conftest import ECHO, Checkout

OTHER_SHA = "9c3d1b0a5e7f42688d3c0b9a7e5f1d2c4b6a8e90"
LOUD_SHA = "4b6a8e909c3d1b0a5e7f42688d3c0b9a7e5f1d2c"
NO_SHA = "5e7f42688d3c0b9a7e5f1d2c4b6a8e909c3d1b0a"
LOUD = ECHO.replace("text = request.input[-1].content", "text = request.input[-1].content.upper()")
RESOURCES = 'api_version: "1"\ndatabricks:\n  serving_endpoint:\n  - name: claude\n'
# By which another job tells whether this one has ended.
OF_JOB = {
    "github_repository",
    "github_run_attempt",
    "github_job",
    "github_runner",
    "log_agent_job",
}
MANUAL = Event("workflow_dispatch", "refs/heads/main", {"repository": REPOSITORY})


def release(tag: str = "v1.2.0", number: int = 300_001) -> Event:
    payload = {"action": "published", "release": {"id": number}, "repository": REPOSITORY}
    return Event("release", f"refs/tags/{tag}", payload)


@dataclass
class Dev:
    """An agent that is registered in dev: version 1 at two commits, the louder 2 at another."""

    databricks: Workspace
    checkout: Checkout
    client: MlflowClient
    first: Step = field(init=False)
    loud: Step = field(init=False)

    def register(self) -> None:
        self.checkout.write("resources.yml", RESOURCES)
        self.databricks.resources.add("serving_endpoint", "claude")
        self.first = self._run(ECHO, SHA, aliases="tested", tags="team=search")
        self.checkout.write("resources.yml", RESOURCES.replace("claude", "llama"))
        self.databricks.resources.add("serving_endpoint", "llama")
        self.loud = self._run(LOUD, LOUD_SHA, aliases="louder")
        self.checkout.write("resources.yml", RESOURCES)
        assert self._run(ECHO, OTHER_SHA).outputs["reused"] == "true"

    def _run(self, agent: str, sha: str, **inputs: str) -> Step:
        env = {**self.databricks.env, "GITHUB_SHA": sha}
        step = self.checkout.run(agent, given={**self.given, **inputs}, env=env)
        assert step.status == 0, step.log
        return step

    @property
    def name(self) -> str:
        return f"dev.agents.{self.checkout.name}"

    @property
    def given(self) -> dict[str, str]:
        return {
            "uc-target": self.name,
            "tracking-uri": "databricks",
            "experiment": "/Shared/agents",
        }


@dataclass
class Prod:
    """Where a test promotes to, from an empty workspace: nothing is checked out."""

    dev: Dev
    runner: Runner
    name: str

    def run(
        self,
        source: str = "",
        *,
        event: Event | None = None,
        sha: str = SHA,
        env: Mapping[str, str] | None = None,
        **inputs: str,
    ) -> Step:
        """Promote."""
        self.runner.event = event or release()
        given = {"source": source or self.dev.name, "uc-target": self.name, **inputs}
        return self.runner.run(
            {name.replace("_", "-"): text for name, text in given.items()},
            env={**self.dev.databricks.env, "GITHUB_SHA": sha, **(env or {})},
        )

    def promoted(self, source: str = "", **more: Any) -> Step:
        """Promote, which must go well."""
        step = self.run(source, **more)
        assert step.status == 0, step.log
        return step

    def versions(self) -> dict[str, ModelVersion]:
        found = self.dev.client.search_model_versions(f"name='{self.name}'")
        return {
            str(each.version): self.dev.client.get_model_version(self.name, each.version)
            for each in found
        }

    def files(self, name: str, version: str) -> dict[str, bytes]:
        """The files of a version, as they lie in the store."""
        files = self.dev.databricks.files
        folder = f"/Models/{name.replace('.', '/')}/{version}"
        return {path: files.read(f"{folder}/{path}") or b"" for path in files.paths(folder)}


@pytest.fixture(scope="module")
def dev(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    runner = Runner(workspace, tmp_path_factory.mktemp("runner_temp"))
    with (
        Workspace(tmp_path_factory.mktemp("databricks")) as databricks,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in {**databricks.env, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}.items():
            environment.setenv(name, value)
        for schema in ("dev.agents", "prod.agents", "prod.apps"):
            databricks.catalog.create(schema, USER)
        client = MlflowClient("databricks", "databricks-uc")
        dev = Dev(databricks, Checkout(runner, "promoted"), client)
        dev.register()
        yield dev
        assert databricks.violations == []


@pytest.fixture
def prod(dev: Dev, tmp_path: Path, request: pytest.FixtureRequest) -> Prod:
    (tmp_path / "empty").mkdir()
    runner = Runner(tmp_path / "empty", tmp_path / "runner_temp")
    name = "".join(each if each.isalnum() else "_" for each in request.node.name.lower())
    return Prod(dev, runner, f"prod.agents.{name}"[:100])


def test_a_release_promotes_the_version_of_its_commit(dev: Dev, prod: Prod) -> None:
    before = len(dev.databricks.calls)

    step = prod.promoted(aliases="champion", tags="reviewed=yes")

    (version,) = prod.versions().values()
    assert version.status == "READY"
    assert version.aliases == ["champion"]
    assert version.tags == {
        **{
            key: value
            for key, value in dev.client.get_model_version(dev.name, "1").tags.items()
            if key != "github_run_id"
        },
        **{key: value for key, value in version.tags.items() if key in OF_JOB},
        "release_tag": "v1.2.0",
        "promoted_from": f"models:/{dev.name}/1",
        "github_run_id": "42",
        "reviewed": "yes",
    }
    assert version.tags.keys() >= OF_JOB
    assert version.tags["git_commit"] == SHA
    assert version.tags["git_ref"] == "refs/heads/main"
    assert version.tags["log_agent_digest"] == dev.first.outputs["digest"]
    assert version.tags["team"] == "search"
    assert f"Promoted from `models:/{dev.name}/1` for [v1.2.0](" in str(version.description)
    assert version.run_id == dev.first.outputs["run-id"]
    assert f"models:/{version.model_id}" == dev.first.outputs["logged-model-uri"]
    assert prod.files(prod.name, "1") == prod.files(dev.name, "1")
    same = ("digest", "run-id", "run-url", "experiment-id", "logged-model-uri")
    assert {name: step.outputs[name] for name in same} == {
        name: dev.first.outputs[name] for name in same
    }
    assert step.outputs["model-uri"] == f"models:/{prod.name}/1"
    assert step.outputs["model-name"] == prod.name
    assert step.outputs["model-version"] == "1"
    assert step.outputs["model-url"].startswith(dev.databricks.host)
    assert (step.outputs["mode"], step.outputs["reused"]) == ("promote", "false")

    asked = dev.databricks.calls[before:]
    files = [call for call in asked if call.path.startswith("/api/2.0/fs/files/")]
    each = len(prod.files(dev.name, "1"))
    assert [call.verb for call in files].count("GET") == each, "downloaded more than once"
    assert [call.verb for call in files].count("PUT") == each
    writes = [call.path for call in asked if call.writes and call not in files]
    assert [path.rpartition("/")[2] for path in writes] == ["create", "create", "finalize", "alias"]
    assert not [call for call in asked if call.path.endswith("emit-lineage")]
    # Nobody ran the agent, and nothing was left behind.
    assert list(prod.runner.workspace.iterdir()) == []
    assert "Environment" not in step.log


@pytest.mark.exhaustive
def test_a_commit_that_reused_a_version_is_found(dev: Dev, prod: Prod) -> None:
    step = prod.promoted(sha=OTHER_SHA)

    assert step.result["published"]["promoted_from"] == f"models:/{dev.name}/1"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("source", "number"),
    [("models:/{}@tested", "1"), ("models:/{}@louder", "2"), ("models:/{}/2", "2")],
)
def test_a_version_is_named(dev: Dev, prod: Prod, source: str, number: str) -> None:
    step = prod.promoted(source.format(dev.name), sha=NO_SHA, mode="promote", event=MANUAL)

    assert step.result["published"]["promoted_from"] == f"models:/{dev.name}/{number}"
    assert prod.files(prod.name, "1") == prod.files(dev.name, number)
    (version,) = prod.versions().values()
    assert "release_tag" not in version.tags
    assert version.tags["git_commit"] != NO_SHA


@pytest.mark.exhaustive
def test_twice_is_one_version(dev: Dev, prod: Prod) -> None:
    # Unity Catalog has no capital letters.
    name = prod.name
    for wanted in (name, name, name.upper()):
        prod.name = wanted
        step = prod.promoted(aliases="champion", tags="reviewed=yes")

    prod.name = name
    assert list(prod.versions()) == ["1"]
    assert step.outputs["model-uri"] == f"models:/{name}/1"
    assert step.outputs["reused"] == "true"
    assert step.outputs["changed"] == "false"
    assert "is promoted already" in step.summary
    assert "champion is on version 1 already" in step.log


@pytest.mark.exhaustive
def test_what_was_registered_separately_keeps_its_own_run(dev: Dev, prod: Prod) -> None:
    checkout = dev.checkout
    given = {**dev.given, "uc-target": prod.name}
    registered = checkout.run(ECHO, given=given, env=dev.databricks.env)
    assert registered.status == 0, registered.log

    step = prod.promoted(event=MANUAL, mode="promote", aliases="champion")

    (version,) = prod.versions().values()
    assert step.outputs["reused"] == "true"
    assert step.outputs["run-id"] == registered.outputs["run-id"] == version.run_id
    assert step.outputs["logged-model-uri"] == registered.outputs["logged-model-uri"]
    assert step.outputs["run-url"] == registered.outputs["run-url"]
    assert registered.outputs["run-id"] != dev.first.outputs["run-id"]


def test_a_later_stage_finds_the_commits_of_the_first(dev: Dev, prod: Prod) -> None:
    step = prod.promoted()
    dev.client.set_model_version_tag(dev.name, "1", "git_commits", f"{NO_SHA} {OTHER_SHA} {SHA}")
    prod.promoted()

    (version,) = prod.versions().values()
    assert version.tags["git_commits"].split() == [NO_SHA, OTHER_SHA, SHA]
    later = replace(prod, name=prod.name.replace("prod.agents", "prod.apps"))
    step = later.promoted(prod.name, sha=NO_SHA)
    dev.client.set_model_version_tag(dev.name, "1", "git_commits", f"{OTHER_SHA} {SHA}")
    assert step.result["published"]["promoted_from"] == f"models:/{prod.name}/1"
    (copy,) = later.versions().values()
    assert copy.tags["promoted_from"] == f"models:/{prod.name}/1"
    assert str(copy.description).count("Promoted from") == 2


@pytest.mark.exhaustive
def test_two_models_in_one_schema(dev: Dev, prod: Prod) -> None:
    prod.name = f"{dev.name}_live"

    prod.promoted()

    assert list(prod.versions()) == ["1"]


@pytest.mark.exhaustive
def test_rolling_back_only_moves_the_alias(dev: Dev, prod: Prod) -> None:
    prod.promoted(aliases="champion")
    prod.promoted(f"models:/{dev.name}@louder", aliases="champion")
    assert prod.versions()["2"].aliases == ["champion"]

    for source in (f"models:/{prod.name}/1", f"models:/{dev.name}/2", f"models:/{dev.name}/1"):
        before = len(dev.databricks.writes)
        step = prod.promoted(source, mode="promote", event=MANUAL, aliases="champion")

        (write,) = dev.databricks.writes[before:]
        assert write.path.endswith("/registered-models/alias")

    assert "champion moved from version 2 to version 1" in step.log
    assert {number: each.aliases for number, each in prod.versions().items()} == {
        "1": ["champion"],
        "2": [],
    }
    assert f"`{prod.name}` version 1 is `champion` now" in step.summary
    assert "| Aliases | `champion` (before: version 2) |" in step.summary
    assert "Against [version 2](" in step.summary
    assert (step.outputs["reused"], step.outputs["model-version"]) == ("true", "1")


def test_no_version_for_the_commit_lists_those_that_there_are(dev: Dev, prod: Prod) -> None:
    step = prod.run(sha=NO_SHA)

    assert step.status == 1
    (error,) = step.commands("error")
    assert f"`{dev.name}` has no version for commit {NO_SHA}" in error
    assert f"version 2: commit {LOUD_SHA[:7]}, louder%0A" in error
    assert f"version 1: commit {SHA[:7]}, tested%0A" in error
    assert "mode: register" in error
    assert f"source: models:/{dev.name}@louder" in error
    assert "was not promoted" in step.summary


@pytest.mark.exhaustive
@pytest.mark.parametrize("source", ["models:/{}/9", "models:/{}@nobody"])
def test_a_version_that_is_not_there(dev: Dev, prod: Prod, source: str) -> None:
    step = prod.run(source.format(dev.name))

    assert step.status == 1
    (error,) = step.commands("error")
    assert f"`source`: `{source.format(dev.name)}` does not exist" in error
    assert f"version 2: commit {LOUD_SHA[:7]}" in error


@pytest.mark.exhaustive
@pytest.mark.parametrize("source", ["other.agents.it", "dev.other.it", "models:/dev.agents.it/1"])
def test_a_model_of_another_metastore(dev: Dev, prod: Prod, source: str) -> None:
    step = prod.run(source)

    assert step.status == 1
    (error,) = step.commands("error")
    assert f"is not in the metastore of {dev.databricks.host}" in error
    assert "register the same commit in each workspace instead" in error
    assert "DATABRICKS_HOST: ${{ matrix.host }}" in error


@pytest.mark.exhaustive
def test_a_version_that_is_being_made_waits(dev: Dev, prod: Prod) -> None:
    name = f"{prod.name}_source"
    dev.client.create_registered_model(name)
    ask(dev, "model-versions/create", name=name, source="models:/x/1")

    step = prod.run(f"models:/{name}/1")

    assert step.status == 1
    (error,) = step.commands("error")
    assert f"`models:/{name}/1` is PENDING_REGISTRATION, not READY" in error
    assert prod.versions() == {}


def ask(dev: Dev, path: str, **fields: str) -> None:
    requests.post(
        f"{dev.databricks.host}/api/2.0/mlflow/unity-catalog/{path}",
        json=fields,
        headers={"Authorization": f"Bearer {dev.databricks.token}"},
        timeout=60,
    ).raise_for_status()


@pytest.mark.exhaustive
class TestWhatIsNotWhatWasRegistered:
    """A copy of the agent with which something was done."""

    @pytest.fixture
    def copied(self, dev: Dev, prod: Prod) -> Prod:
        """The copy, as a source."""
        copied = replace(prod, name=f"{prod.name}_source")
        copied.promoted()
        return copied

    def refused(self, prod: Prod, copied: Prod) -> str:
        step = prod.run(f"models:/{copied.name}/1")
        assert step.status == 1
        assert prod.versions() == {}
        (error,) = step.commands("error")
        return error

    def file(self, copied: Prod, name: str) -> Path:
        path = f"/Models/{copied.name.replace('.', '/')}/1/{name}"
        return copied.dev.databricks.files.local(Principal(USER), path, write=False)

    def test_a_file_is_another(self, prod: Prod, copied: Prod) -> None:
        self.file(copied, "agent.py").write_text("import os\n")

        error = self.refused(prod, copied)

        assert "its files differ from its manifest" in error
        assert "agent.py" in error

    def test_mlmodel_asks_for_more(self, prod: Prod, copied: Prod) -> None:
        mlmodel = self.file(copied, "MLmodel")
        mlmodel.write_text(
            mlmodel.read_text().replace(
                "serving_endpoint:", "table:\n    - name: prod.hr.payroll\n    serving_endpoint:"
            )
        )

        assert "prod.hr.payroll" in self.refused(prod, copied)

    @pytest.mark.parametrize("name", ["requirements.txt", "conda.yaml"])
    def test_it_requires_something_else(self, prod: Prod, copied: Prod, name: str) -> None:
        file = self.file(copied, name)
        file.write_text(file.read_text().replace("mlflow==3.17.2", "mlflow==3.17.1"))

        assert f"`{name}`" in self.refused(prod, copied)

    def test_bytecode_would_run_in_its_place(self, prod: Prod, copied: Prod) -> None:
        self.file(copied, "code/__pycache__").mkdir(parents=True)
        self.file(copied, "code/__pycache__/helpers.cpython-312.pyc").write_text("")

        assert "helpers.cpython-312.pyc" in self.refused(prod, copied)

    def test_a_file_is_too_many(self, prod: Prod, copied: Prod) -> None:
        self.file(copied, "code").mkdir()
        self.file(copied, "code/sitecustomize.py").write_text("import os\n")

        assert "code/sitecustomize.py" in self.refused(prod, copied)

    def test_nothing_says_what_was_registered(self, prod: Prod, copied: Prod) -> None:
        self.file(copied, "log_agent/manifest.json").unlink()

        assert "holds no `log_agent/manifest.json`" in self.refused(prod, copied)

    def test_its_digest_is_another(self, prod: Prod, copied: Prod) -> None:
        copied.dev.client.set_model_version_tag(copied.name, "1", "log_agent_digest", "0" * 64)

        assert f"has the digest {'0' * 64} in its tags" in self.refused(prod, copied)

    def test_it_has_no_digest(self, prod: Prod, copied: Prod) -> None:
        copied.dev.client.delete_model_version_tag(copied.name, "1", "log_agent_digest")

        assert "has no digest in its tags" in self.refused(prod, copied)


@pytest.mark.exhaustive
class TestGrants:
    """Somebody who may do less."""

    WHO = "release@example.com"

    def run(self, prod: Prod) -> Step:
        token = prod.dev.databricks.login.token(self.WHO)
        return prod.run(f"models:/{prod.dev.name}/1", env={"DATABRICKS_TOKEN": token})

    def test_all_that_is_missing_is_said_at_once(self, dev: Dev, prod: Prod) -> None:
        step = self.run(prod)

        assert step.status == 1
        said = "\n".join(step.commands("error"))
        assert "`source`" in said
        assert f"GRANT USE CATALOG ON CATALOG dev TO `{self.WHO}`;" in said
        assert f"GRANT USE CATALOG ON CATALOG prod TO `{self.WHO}`;" in said
        assert "GET /api/2.0/fs" not in step.log

    def test_reading_the_source(self, dev: Dev, prod: Prod) -> None:
        catalog = dev.databricks.catalog
        catalog.grant(self.WHO, "dev", "USE_CATALOG")
        catalog.grant(self.WHO, "dev.agents", "USE_SCHEMA")
        catalog.grant(self.WHO, "prod", "USE_CATALOG")
        catalog.grant(self.WHO, "prod.agents", "USE_SCHEMA", "CREATE_MODEL")

        refused = self.run(prod)
        catalog.grant(self.WHO, dev.name, "EXECUTE")
        granted = self.run(prod)

        (error,) = refused.commands("error")
        assert f"GRANT EXECUTE ON FUNCTION {dev.name} TO `{self.WHO}`;" in error
        assert granted.status == 0, granted.log
        assert prod.versions()["1"].user_id == self.WHO


@pytest.mark.exhaustive
def test_what_was_promoted_is_served(dev: Dev, prod: Prod) -> None:
    script = Path(__file__).parents[2] / "examples/deploy/serving_endpoint.py"
    endpoint = prod.name.rpartition(".")[2]
    for number, source in enumerate((f"models:/{dev.name}/1", f"models:/{dev.name}/2"), start=1):
        outputs = prod.promoted(source).outputs
        variables = {
            "MODEL_NAME": outputs["model-name"],
            "MODEL_VERSION": outputs["model-version"],
            **dev.databricks.env,
        }

        deployed = subprocess.run(
            [sys.executable, script, endpoint],
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

        assert deployed.returncode == 0, deployed.stdout
        assert f"{endpoint} serves {prod.name} version {number}" in deployed.stdout
        assert dev.databricks.serving.served[endpoint] == [f"{prod.name}/{number}"]


@pytest.mark.exhaustive
class TestNotes:
    """The notes of the GitHub release."""

    @pytest.fixture
    def github(self, judge: Judge) -> Iterator[GitHub]:
        with GitHub(judge) as github:
            yield github

    def test_tell_what_changed_also_when_it_runs_again(
        self, dev: Dev, prod: Prod, github: GitHub
    ) -> None:
        prod.promoted(
            f"models:/{dev.name}@louder", aliases="champion", event=MANUAL, mode="promote"
        )
        notes = github.release("v1.2.0", "## What's new\n\nIt is quiet now.")
        forbidden = github.env_with(github.tokens.job_with("pull-requests"))
        event = release(number=notes.id)

        first = prod.promoted(event=event, env=forbidden, aliases="champion")
        assert notes.edits == 0
        (warning,) = first.commands("warning")
        assert "contents: write" in warning
        assert first.outputs["model-version"] == "2"

        second = prod.promoted(event=event, env=github.env, aliases="champion")
        third = prod.promoted(event=event, env=github.env, aliases="champion")

        assert notes.edits == 1, "the same was written again"
        assert "release notes unchanged" in third.log
        assert second.outputs["reused"] == "true"
        body = str(notes.body)
        assert body.startswith("## What's new\n\nIt is quiet now.\n\n<!-- log-agent:")
        for line in (
            f"| Promoted from | `models:/{dev.name}/1` |",
            f"| Digest | `{second.outputs['digest']}` |",
            f"| Page | [version 2](<{second.outputs['model-url']}>) |",
            "| `claude` | serving endpoint | the agent |",
            "| ➕ added | `claude` | serving endpoint | the agent | ⚠️ wider |",
            "| ➖ removed | `llama` | serving endpoint | the agent |  |",
            "-        text = request.input[-1].content.upper()",
            "+        text = request.input[-1].content",
        ):
            assert line in body.splitlines(), body
        assert f"models:/{prod.name}/2" in body

    def test_of_a_release_made_by_hand_are_found_by_the_tag(
        self, dev: Dev, prod: Prod, github: GitHub
    ) -> None:
        notes = github.release("v3")
        payload = {"ref": "refs/tags/v3", "repository": REPOSITORY}

        step = prod.promoted(event=Event("push", "refs/tags/v3", payload), env=github.env)

        assert prod.name in str(notes.body)
        assert step.outputs["mode"] == "promote"

    @pytest.mark.parametrize("release_id", [None, 4711])
    def test_that_are_not_there_are_a_notice(
        self, dev: Dev, prod: Prod, github: GitHub, release_id: int | None
    ) -> None:
        payload = {"ref": "refs/tags/v4", "repository": REPOSITORY}
        pushed = Event("push", "refs/tags/v4", payload)

        step = prod.promoted(
            event=release("v4", release_id) if release_id else pushed, env=github.env
        )

        assert step.commands("warning") == []
        (notice,) = step.commands("notice")
        assert f"GitHub shows no release `{release_id or 'v4'}`" in notice


def test_in_the_embedded_store(checkout: Checkout) -> None:
    checkout.target = f"dev.agents.{checkout.name}"
    registered = checkout.run(aliases="tested")
    assert registered.status == 0, registered.log
    runner, target = checkout.runner, f"prod.agents.{checkout.name}"
    runner.event = release()
    given = {"uc-target": target, "tracking-uri": "embedded", "aliases": "champion"}

    steps = [
        runner.run({**given, "source": source})
        for source in (checkout.target, f"models:/{checkout.target}@tested")
    ]

    for step in steps:
        assert step.status == 0, step.log
        assert step.outputs["model-uri"] == f"models:/{target}/1"
        for name in ("digest", "run-id", "experiment-id", "logged-model-uri"):
            assert step.outputs[name] == registered.outputs[name], name
    assert [step.outputs["reused"] for step in steps] == ["false", "true"]
    version = checkout.client.get_model_version_by_alias(target, "champion")
    assert version.tags["promoted_from"] == f"models:/{checkout.target}/1"
    assert version.tags["release_tag"] == "v1.2.0"
    assert version.run_id == registered.outputs["run-id"]
    # The same files: this store copies none.
    place = checkout.client.get_model_version_download_uri(target, "1")
    assert place.removeprefix("file://") == str(checkout.model(registered))


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["a pipe", "a link", "folders without an end"])
def test_what_is_no_file_in_the_embedded_store(checkout: Checkout, kind: str) -> None:
    checkout.target = f"dev.agents.{checkout.name}"
    registered = checkout.run()
    assert registered.status == 0, registered.log
    model, runner = checkout.model(registered), checkout.runner
    if kind == "a pipe":
        (model / "MLmodel").unlink()
        os.mkfifo(model / "MLmodel")
    elif kind == "a link":
        (model / "code").symlink_to("/")
    else:
        subprocess.run(
            [sys.executable, "-c", "import os\nfor _ in range(3000): os.mkdir('a'); os.chdir('a')"],
            cwd=model,
            check=True,
        )
    runner.event = release()
    target = f"prod.agents.{checkout.name}"

    try:
        step = runner.run(
            {"uc-target": target, "tracking-uri": "embedded", "source": checkout.target}
        )
    finally:
        subprocess.run(["rm", "-r", str(model)], check=True)

    assert step.status == 1
    (error,) = step.commands("error")
    assert "its files differ from its manifest" in error
    said = {"a pipe": "neither a file nor a folder", "a link": "is a link"}
    assert said.get(kind, "more than 100 folders deep") in error
    assert "Traceback" not in step.log
    assert checkout.client.search_model_versions(f"name = '{target}'") == []


@pytest.mark.exhaustive
def test_in_open_source_unity_catalog(checkout: Checkout, tmp_path: Path) -> None:
    with unity_catalog(tmp_path) as catalog:
        for schema in ("dev.agents", "prod.agents"):
            create_schema(catalog.address, schema)
        name, registry = checkout.name, {"registry-uri": f"uc:{catalog.address}"}
        registered = checkout.run(given=registry, uc_target=f"dev.agents.{name}")
        assert registered.status == 0, registered.log
        runner = checkout.runner
        runner.event = release()
        given = {
            "uc-target": f"prod.agents.{name}",
            "source": f"dev.agents.{name}",
            "tracking-uri": "embedded",
            "aliases": "champion",
            **registry,
        }

        first, second = runner.run(given), runner.run(given)
        named = runner.run({**given, "source": f"models:/dev.agents.{name}@champion"})

        for step in (first, second):
            assert step.status == 0, step.log
            assert step.outputs["model-uri"] == f"models:/prod.agents.{name}/1"
            assert step.outputs["digest"] == registered.outputs["digest"]
            assert step.outputs["logged-model-uri"] == registered.outputs["logged-model-uri"]
            (notice,) = step.commands("notice")
            assert "no tags and no aliases of model versions" in notice
        assert (first.outputs["reused"], second.outputs["reused"]) == ("false", "true")
        assert "the registry knows no aliases" in "\n".join(named.commands("error"))
        assert catalog.violations == []


@pytest.mark.exhaustive
class TestInputs:
    """What can be wrong before anybody is asked."""

    @pytest.mark.parametrize(
        ("given", "what"),
        [
            ({"source": ""}, "`source` is required."),
            ({"uc-target": ""}, "`uc-target` is required."),
            (
                {"source": "models:/m-0123"},
                "`source`: `models:/m-0123` names no registered version",
            ),
            ({"source": "dev.agents.it@champion"}, "Write `catalog.schema.model`"),
            ({"uc-target": "support"}, "`uc-target`: `support` has 1 level"),
            ({"tags": "promoted_from=me"}, "`tags`: log-agent sets promoted_from itself."),
            ({"aliases": "v3"}, "`aliases`: `v3` is reserved by MLflow"),
        ],
    )
    def test_is_said(self, tmp_path: Path, given: dict[str, str], what: str) -> None:
        (tmp_path / "empty").mkdir()
        runner = Runner(tmp_path / "empty", tmp_path / "temp", event=release())
        inputs = {
            "mode": "promote",
            "source": "dev.agents.support",
            "uc-target": "prod.agents.support",
            "tracking-uri": "embedded",
        }

        step = runner.run({**inputs, **given})

        assert step.status == 1
        assert what in "\n".join(step.commands("error"))

    def test_nowhere_to_promote_to(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        runner = Runner(tmp_path / "empty", tmp_path / "temp", event=release())

        step = runner.run({"source": "dev.agents.support", "uc-target": "prod.agents.support"})

        assert step.status == 1
        assert "`mode: promote` needs a place to write to" in "\n".join(step.commands("error"))

    def test_nobody_is_logged_in(self, dev: Dev, prod: Prod) -> None:
        step = prod.run(env={"DATABRICKS_TOKEN": "dapi-of-nobody"})

        assert step.status == 1
        assert len(step.commands("error")) == 1
        assert prod.versions() == {}
