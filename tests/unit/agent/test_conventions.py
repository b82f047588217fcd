"""Files that are found where the inputs name none."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.agent.conventions import with_found
from entrypoint.agent.source import agent_source
from entrypoint.inputs.inputs import BuildInputs
from entrypoint.inputs.parsing import InputExample
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place
from entrypoint.runtime.log import PlainLog
from entrypoint.runtime.redaction import Secrets
from tests.unit.conftest import AGENT, link, write

FOLDER = "agents/support"
IMPORTS = (
    "import os\nfrom pathlib import Path\nimport mlflow\nfrom mlflow.models import ModelConfig\n"
)


def found(workspace: Workspace, code: str = "", **given: str) -> tuple[BuildInputs, PlainLog]:
    path = write(workspace, AGENT, IMPORTS + code)
    texts = {"agent-path": AGENT} | {k.replace("_", "-"): v for k, v in given.items()}
    log = PlainLog(io.StringIO(), Secrets())
    source = agent_source.read(path, AGENT)
    inputs = BuildInputs.read(texts, workspace)
    return with_found(inputs, source, workspace, log), log


@pytest.mark.parametrize(
    "given",
    [
        '"config.yml"',
        'development_config="config.yml"',
        'development_config="./config.yml"',
        'development_config=Path(__file__).parent / "config.yml"',
        'development_config=str(Path(__file__).resolve().parent.joinpath("config.yml"))',
        'development_config=Path(__file__).with_name("config.yml")',
        'development_config=Path(__file__).parents[0] / "config.yml"',
        'development_config=os.path.join(os.path.dirname(os.path.abspath(__file__)), "config.yml")',
        'development_config=Path("config.yml")',
        'development_config=Path.cwd() / "config.yml"',
        'development_config="../support/config.yml"',
    ],
)
@pytest.mark.parametrize("called", ["ModelConfig", "mlflow.models.ModelConfig"])
def test_the_config_that_the_code_names_is_taken(
    workspace: Workspace, given: str, called: str
) -> None:
    path = write(workspace, f"{FOLDER}/config.yml", "a: 1\n")

    inputs, log = found(workspace, f"config = {called}({given})\n")

    assert inputs.model_config == path
    (note,) = log.notes
    assert note.problem.what.startswith("`model-config`: `agents/support/config.yml` is taken")
    assert note.problem.place == Place(AGENT, 5)


@pytest.mark.parametrize(
    "code",
    [
        'FILE = "config.yml"\nconfig = ModelConfig(development_config=FILE)',
        'HERE = Path(__file__).parent\nconfig = ModelConfig(HERE / "config.yml")',
        'def load():\n    return ModelConfig(development_config="config.yml")',
        'if __name__ == "__main__":\n    config = ModelConfig(development_config="config.yml")',
        'a = ModelConfig("config.yml")\nb = ModelConfig("./config.yml")\nc = ModelConfig()',
        'a = ModelConfig("config.yml")\nb = ModelConfig("missing.yml")',
    ],
)
def test_wherever_the_code_names_it(workspace: Workspace, code: str) -> None:
    path = write(workspace, f"{FOLDER}/config.yml", "a: 1\n")

    assert found(workspace, code)[0].model_config == path


@pytest.mark.parametrize(
    "code",
    [
        'config = ModelConfig(development_config={"a": 1})',
        'config = ModelConfig(development_config="missing.yml")',
        'config = ModelConfig(development_config="../../../outside.yml")',
        'config = ModelConfig(development_config="/etc/passwd")',
        'config = ModelConfig(development_config="leads_out.yml")',
        'config = ModelConfig(development_config=os.environ["CONFIG"])',
        'config = ModelConfig(development_config=f"{os.environ[0]}.yml")',
        'x = "config.yml"\nx = x\nconfig = ModelConfig(development_config=x)',
        "x = x\nconfig = ModelConfig(development_config=x)",
        "config = ModelConfig()",
        'a = ModelConfig("config.yml")\nb = ModelConfig("other.yml")',
        'ModelConf("config.yml")',
    ],
)
def test_what_is_no_file_that_is_named_is_not(workspace: Workspace, code: str) -> None:
    write(workspace, f"{FOLDER}/config.yml", "a: 1\n")
    write(workspace, f"{FOLDER}/other.yml", "a: 1\n")
    (workspace.root.parent / "outside.yml").touch()
    link(workspace, f"{FOLDER}/leads_out.yml", Path("/etc/hostname"))

    inputs, log = found(workspace, code)

    assert inputs.model_config is None
    assert log.notes == []


def test_what_is_given_counts(workspace: Workspace) -> None:
    write(workspace, f"{FOLDER}/config.yml", "a: 1\n")
    write(workspace, f"{FOLDER}/input_example.json", "[1]")
    path = write(workspace, "prod.yml", "a: 2\n")
    code = 'config = ModelConfig(development_config="config.yml")'

    inputs, log = found(workspace, code, model_config="prod.yml", input_example="[2]")

    assert (inputs.model_config, inputs.input_example) == (path, InputExample([2]))
    assert log.notes == []


def test_the_example_beside_the_agent_is_taken(workspace: Workspace) -> None:
    path = write(workspace, f"{FOLDER}/input_example.json", '{"input": []}')

    assert found(workspace)[0].input_example == InputExample({"input": []}, path)


def test_nothing_is_taken_where_nothing_is(workspace: Workspace) -> None:
    inputs, _ = found(workspace)

    assert inputs == replace(inputs, model_config=None, input_example=None)


def test_an_example_that_cant_be_read_is_told_with_its_place(workspace: Workspace) -> None:
    write(workspace, f"{FOLDER}/input_example.json", "{\n")

    with pytest.raises(InputFailure) as raised:
        found(workspace)

    (problem,) = raised.value.problems
    assert problem.what.startswith("`input-example`: `agents/support/input_example.json` is not")
    assert problem.place == Place(f"{FOLDER}/input_example.json", 2, 1)
