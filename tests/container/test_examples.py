"""Example workflows from the event to the last step, as act runs them: https://nektosact.com."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from doubles.databricks import USER, Workspace
from doubles.github import GitHub
from doubles.runner import PUSH_TO_MAIN, Event
from tests.container.engine import ROOT, Engine
from tests.container.runner import commit
from tests.integration.conftest import ECHO
from tests.integration.site import View
from tests.tools import go_install

pytestmark = pytest.mark.exhaustive

ACT = "github.com/nektos/act@v0.2.89"
NUMBER = 7
# What an example's reader puts their own in place of.
HOST = "https://dbc-example.cloud.databricks.com"
PRINCIPAL = "00000000-0000-0000-0000-000000000000"
READER = "11111111-1111-1111-1111-111111111111"


@dataclass(frozen=True)
class Act:
    """The program, and what a job finds that it runs."""

    program: Path
    engine: Engine
    image: str
    github: GitHub
    databricks: Workspace
    folder: Path

    def run(self, example: str, event: Event) -> subprocess.CompletedProcess[str]:
        """Run an example in a repository of its own."""
        payload = self.folder / "event.json"
        payload.write_text(json.dumps(event.payload))
        commit(self.folder / "checkout", self._files(example))
        env = {**self.github.env, **self.databricks.identity.env}
        token = env.pop("INPUT_GITHUB-TOKEN")
        return subprocess.run(
            [
                self.program,
                event.name,
                f"--eventpath={payload}",
                f"--directory={self.folder / 'checkout'}",
                # A container on the host's network, which the action's own container shares: there
                # the doubles are.
                f"--platform=ubuntu-24.04={self.engine.base()}",
                "--pull=false",
                "--no-cache-server",
                "--rm",
                f"--secret=GITHUB_TOKEN={token}",
                *(f"--env={name}={value}" for name, value in env.items()),
            ],
            # A home of its own: act reads settings there, and leaves things behind.
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "DOCKER_HOST": f"unix://{self.engine.socket}",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def _files(self, example: str) -> dict[str, str]:
        action = (ROOT / "action.yml").read_text()
        return {
            f".github/workflows/{example}.yml": self._workflow(example),
            # Built already, as a release's is: act can't put a stand-in for the base image.
            "action.yml": re.sub("image: .*", f"image: docker://{self.image}", action),
            "agents/support/agent.py": ECHO,
            # Enough for this agent, and there in half the time.
            "agents/support/requirements.txt": "mlflow-skinny==3.17.2\npandas\n",
        }

    def _workflow(self, example: str) -> str:
        """An example, but for what only GitHub and Databricks have.

        act itself takes the place of actions/checkout. For actions/cache it would need Node.
        """
        text = (ROOT / f".github/workflows/examples/{example}.yml").read_text()
        text = re.sub(r"^ +- uses: actions/cache@.*\n( +[^ -].*\n)+", "", text, flags=re.MULTILINE)
        return text.replace("org/log-agent@v1", "./").replace(HOST, self.databricks.host)


@pytest.fixture(scope="session")
def program() -> Path:
    """Give act. It takes minutes to compile, so it is kept beside the other tools."""
    return go_install(ACT, ROOT / ".tools")


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        github.pull(NUMBER)
        yield github


@pytest.fixture
def databricks(tmp_path: Path) -> Iterator[Workspace]:
    folder = tmp_path / "databricks"
    folder.mkdir()
    with Workspace(folder) as workspace:
        workspace.catalog.create("prod.agents", PRINCIPAL, USER)
        workspace.oauth.trust(PRINCIPAL)
        # As the README says.
        workspace.oauth.trust(READER)
        workspace.catalog.grant(READER, "prod", "USE_CATALOG")
        workspace.catalog.grant(READER, "prod.agents", "USE_SCHEMA")
        yield workspace
        assert workspace.violations == []


@pytest.fixture
def act(  # the engine first, and the image last: what takes longest to make
    *,
    engine: Engine,
    program: Path,
    github: GitHub,
    databricks: Workspace,
    tmp_path: Path,
    image: str,
) -> Act:
    return Act(program, engine, image, github, databricks, tmp_path)


def test_preview(act: Act) -> None:
    payload = act.github.pull_request_payload(NUMBER)

    done = act.run("preview", Event("pull_request", f"refs/pull/{NUMBER}/merge", payload))

    assert done.returncode == 0, done.stdout
    # To act that is the runner's folder, and the checkout is in it.
    assert "The agent can read what is in `/tmp`" in done.stdout
    (comment,) = act.github.comments(NUMBER)
    assert "✅ `prod.agents.support` would get its first version" in comment.body
    assert act.databricks.writes == []


def test_register(act: Act) -> None:
    done = act.run("register", PUSH_TO_MAIN)

    assert done.returncode == 0, done.stdout
    assert "| registered models:/prod.agents.support/1\n" in done.stdout
    registry = View(act.databricks)
    name = "prod.agents.support"
    versions = registry.ask("GET", "unity-catalog/model-versions/search", filter=f"name = '{name}'")
    model = registry.ask("GET", "unity-catalog/registered-models/get", name=name)
    assert [version["status"] for version in versions["model_versions"]] == ["READY"]
    assert model["registered_model"]["aliases"] == [{"alias": "challenger", "version": "1"}]
    assert act.github.calls == []
