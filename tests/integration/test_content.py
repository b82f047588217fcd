"""What is in the model: its manifest, its digest, and no secrets."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.runner import PULL_REQUEST, Runner
from tests.integration.conftest import ECHO, Checkout
from tests.integration.test_bad_input import PLAIN, the_error

pytestmark = pytest.mark.exhaustive

SECRET = "s3cr3t-of-the-j0b-4711"
# The shape of a personal access token of Databricks; put together, so that it is found nowhere.
TOKEN = "dapi" + hashlib.sha256(b"log-agent").hexdigest()[:32]


def test_the_manifest_travels_in_the_model(checkout: Checkout) -> None:
    step = checkout.run()

    assert step.status == 0, step.log
    manifest = (checkout.model(step) / "log_agent/manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == step.outputs["digest"]
    files = json.loads(manifest)["files"]
    assert files["agent.py"]["sha256"] == hashlib.sha256(ECHO.encode()).hexdigest()
    (version,) = checkout.versions()
    assert version.tags["log_agent_digest"] == step.outputs["digest"]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Checkout]:
    """Checkouts in other folders, with one environment."""

    def make(name: str) -> Checkout:
        folder = tmp_path_factory.mktemp(name)
        (folder / "workspace").mkdir()
        checkout = Checkout(Runner(folder / "workspace", folder / "runner_temp"), "agent")
        checkout.write("resources.yml", resources("a", "b"))
        checkout.write("config.yml", "tone: calm\nwords: 3\n")
        checkout.write("lib/helpers.py", "ANSWER = 1\n")
        checkout.write("fact.txt", "a fact")
        return checkout

    return make


def resources(*names: str) -> str:
    entries = "".join(f"  - name: {name}\n" for name in names)
    return f'api_version: "1"\ndatabricks:\n  serving_endpoint:\n{entries}'


def digest(checkout: Checkout, agent: str = ECHO, **inputs: str) -> str:
    given = {
        "mode": "preview",
        "verify": "off",
        "requirements": "mlflow-skinny==3.17.2\npandas==2.3.3\nnumpy==2.2.6",
        "model_config": f"{checkout.name}/config.yml",
        "code_paths": f"{checkout.name}/lib",
        "artifacts": f"fact={checkout.name}/fact.txt",
        **inputs,
    }
    step = checkout.run(agent, given=given)
    assert step.status == 0, step.log
    return step.outputs["digest"]


def test_the_digest_is_that_of_the_inputs(twins: Callable[[str], Checkout]) -> None:
    one, other = twins("one"), twins("other")
    first = digest(one)

    # Another folder, another day, another order, another run: nothing that the agent is made of.
    other.write("resources.yml", "# a comment\n" + resources("b", "a"))
    other.write("config.yml", "words:   3\ntone: 'calm'\n")
    other.runner.event = PULL_REQUEST
    inputs = other.inputs()
    for path in other.folder.rglob("*"):
        os.utime(path, (0, 0))
    assert inputs["agent-path"] == "agent/agent.py"
    assert digest(other) == first

    other.write("lib/helpers.py", "ANSWER = 2\n")
    assert digest(other) != first


def test_a_file_that_changes_while_the_agent_is_built(checkout: Checkout) -> None:
    checkout.write("lib/helpers.py", "ANSWER = 1\n")
    agent = (
        "import pathlib, helpers\n"
        "pathlib.Path(helpers.__file__).write_text('ANSWER = 2  # changed\\n')\n" + ECHO
    )

    error = the_error(checkout.run(agent, code_paths=f"{checkout.name}/lib"))

    assert "changed while the agent was built" in error
    assert "code/helpers.py" in error


# It has its say when the model is saved for the last time, with everything in it.
CHANGES_THE_MODEL = """
import os
from pathlib import Path
from mlflow.models import Model

save = Model.save

def save_changed(self, path):
    folder = Path(path).parent
    if (folder / "requirements.txt").exists():
        {changes}
    save(self, path)

Model.save = save_changed
"""
CHANGES = {
    "self.resources['databricks']['table'] = [{'name': 'prod.hr.payroll'}]": (
        "`MLmodel`: `resources` is "
    ),
    "self.auth_policy = {'user_auth_policy': {'api_scopes': ['sql']}}": (
        "`MLmodel`: `auth_policy` is "
    ),
    "self.flavors['python_function']['model_code_path'] = 'evil.py'": (
        '_code_path` is "evil.py", and should be "agent.py".'
    ),
    "(folder / 'requirements.txt').write_text('--index-url https://evil.example')": (
        '`requirements.txt` has the options ["--index-url https://evil.example"]'
    ),
    "(folder / 'conda.yaml').write_text('channels: [evil]')": "`conda.yaml`: `channels` is ",
    "(folder / 'evil.py').write_text('')": "`evil.py` is neither in the manifest nor a file of",
}


def test_a_model_that_the_agent_changes(checkout: Checkout) -> None:
    checkout.write("resources.yml", resources("claude"))
    agent = CHANGES_THE_MODEL.format(changes="; ".join(CHANGES)) + ECHO

    step = checkout.run(agent, verify="off", check_resources="warn")

    error = the_error(step)
    assert "changed while the agent was built" in error
    for said in CHANGES.values():
        assert said in error
    assert checkout.versions() == []


def test_resources_that_langchain_declares_are_those_that_were_seen(checkout: Checkout) -> None:
    checkout.write("requirements.txt", "mlflow==3.17.2\nlangchain==1.5.2\n")
    agent = CHANGES_THE_MODEL.format(
        changes="self.resources = {'api_version': '1', 'databricks':"
        " {'serving_endpoint': [{'name': 'unseen'}]}}"
    ) + (
        "from langchain_core.runnables import RunnableLambda\n"
        "import mlflow\n"
        "mlflow.models.set_model(RunnableLambda(lambda question: 'an answer'))\n"
    )

    step = checkout.run(agent, input_example='{"question": "?"}')

    error = the_error(step)
    assert "`MLmodel`: `resources` is" in error
    assert "unseen" in error
    assert checkout.versions() == []


def test_an_artifact_with_bytecode_in_it(checkout: Checkout) -> None:
    checkout.write("data/__pycache__/helpers.cpython-312.pyc", "")
    checkout.write("data/fact.txt", "a fact")
    agent = PLAIN.format(predict="['an answer']")

    step = checkout.run(agent, input_example='["question"]', artifacts=f"data={checkout.name}/data")

    assert step.status == 0, step.log
    assert list(checkout.model(step).rglob("*.pyc")) == []


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("agent.py", f"KEY = '{SECRET}'\n{ECHO}", 1),
        ("lib/helpers.py", f"ANSWER = 1\n\nKEY = '{SECRET}'\n", 3),
        ("lib/helpers.py", f"TOKEN = '{TOKEN}'\n", 1),
    ],
    ids=["known, in the agent", "known, in a code path", "a token's shape"],
)
def test_a_file_with_a_secret_is_never_published(
    checkout: Checkout, file: str, text: str, line: int
) -> None:
    checkout.write("lib/helpers.py", "ANSWER = 1\n")
    agent = text if file == "agent.py" else ECHO
    if file != "agent.py":
        checkout.write(file, text)

    step = checkout.run(agent, code_paths=f"{checkout.name}/lib", env={"DATABRICKS_TOKEN": SECRET})

    error = the_error(step)
    assert f"::error file={checkout.name}/{file},line={line}::" in error
    assert "holds a secret" in error
    assert checkout.versions() == []
    for told in (step.log, step.summary, step.outputs["result"]):
        assert SECRET not in told
        assert TOKEN not in told


def test_a_secret_in_the_config_or_the_example_is_found(checkout: Checkout) -> None:
    config = checkout.write("config.yml", f"key: {SECRET}\n")

    error = the_error(checkout.run(ECHO, model_config=config, env={"SEARCH_API_TOKEN": SECRET}))

    assert "SEARCH_API_TOKEN" in error


def test_what_the_agent_prints_of_its_secrets_is_masked(checkout: Checkout) -> None:
    agent = f"import os\nprint(os.environ['SEARCH_API_TOKEN'])\n{ECHO}".replace(
        "text = request.input[-1].content", "text = os.environ['SEARCH_API_TOKEN']"
    )

    step = checkout.run(agent, mode="preview", env={"SEARCH_API_TOKEN": SECRET})

    assert step.status == 0, step.log
    for told in (step.log, step.summary, *step.outputs.values()):
        assert SECRET not in told
    assert "***" in step.log


def test_links_and_other_files_never_get_into_the_model(checkout: Checkout) -> None:
    checkout.write("lib/helpers.py", "ANSWER = 1\n")
    shutil.copytree(checkout.folder / "lib", checkout.folder / "lib/.git")
    (checkout.folder / "lib/alias.py").symlink_to("helpers.py")

    step = checkout.run(code_paths=f"{checkout.name}/lib")

    assert step.status == 0, step.log
    files = [path for path in (checkout.model(step) / "code").rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["alias.py", "helpers.py"]
    assert not [path for path in files if path.is_symlink()]
    assert isinstance(files[0], Path)
