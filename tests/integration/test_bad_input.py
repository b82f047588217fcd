"""What a user can get wrong: one error that names the input, the place and the fix.

The unit tests of `inputs/` and of the requirements have every wrong text; here is that the whole
program tells what they find, and what only uv or the agent's own process can find.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from doubles.runner import PULL_REQUEST, SHA, Event, Step
from tests.integration.conftest import ECHO, Checkout

RAISES = "import os\n\n\ndef key():\n    return os.environ['NOT_SET_HERE']\n\n\nkey()\n"
NO_SET_MODEL = ECHO.replace("mlflow.models.set_model(Echo())", "agent = Echo()")
PLAIN = """
import mlflow


class Plain(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return {predict}


mlflow.models.set_model(Plain())
"""


def the_error(step: Step) -> str:
    """The one error of a step that failed as it should."""
    assert step.status == 1, step.log
    (error,) = step.commands("error")
    assert "entrypoint/" not in step.log, "a traceback of ours"
    assert "❌" in step.summary
    assert step.result["problems"]
    return error.replace("%0A", "\n")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"agent_path": "{name}/agnet.py"}, ["`agent-path`", "does not exist", "{name}/agent.py"]),
        ({"uc_target": ""}, ["`uc-target`", "uc-target: prod.agents.support"]),
        ({"requirements": "mlflow==3.17.2\nsix==99"}, ["`requirements`", "six==99"]),
        ({"requirements": "six===>1"}, ["`requirements`", "six===>1"]),
        ({"requirements": "mlflow==2.9.2"}, ["`requirements`", "2.13.1 or newer"]),
        ({"tracking_uri": "http://me:pw@host"}, ["`tracking-uri`", "MLFLOW_TRACKING_USERNAME"]),
        ({"cache_dir": "{name}"}, ["`cache-dir`", "holds the agent"]),
        ({"tracking_uri": ""}, ["`tracking-uri`", "DATABRICKS_HOST", "id-token: write"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_input(checkout: Checkout, inputs: dict[str, str], said: list[str]) -> None:
    given = {name: text.format(name=checkout.name) for name, text in inputs.items()}

    step = checkout.run(given=given)

    error = the_error(step)
    for words in said:
        assert words.format(name=checkout.name) in error
    assert step.outputs["run-id"] == ""


def test_every_wrong_input_is_said_at_once(checkout: Checkout) -> None:
    step = checkout.run(mode="x", uc_target="y", verify="z")

    assert step.status == 1
    assert len(step.commands("error")) == 3


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("example.json", '{\n  "input": [,]\n}', "line=2,col=13"),
        ("config.yml", "key: [1\nother: 2\n", "line=2,col=6"),
    ],
    ids=["input-example", "model-config"],
)
def test_a_wrong_file_is_annotated_where_it_is_wrong(
    checkout: Checkout, file: str, text: str, place: str
) -> None:
    path = checkout.write(file, text)
    name = {"example.json": "input_example", "config.yml": "model_config"}[file]

    error = the_error(checkout.run(given={name: path}))

    assert f"::error file={path},{place}::" in error


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("agent", "line", "said"),
    [
        ("import mlflow\n\ndef f(:\n    pass\n", 3, "is not valid Python"),
        (RAISES, 5, "KeyError: 'NOT_SET_HERE'"),
        ("import mlflow\nimport not_there_at_all\n", 2, "Add the package that provides it"),
        (NO_SET_MODEL, None, "mlflow.models.set_model(agent)"),
        (ECHO.replace("set_model(Echo())", "set_model('Echo')"), 15, "set_model"),
        ("import sys\n\nsys.exit(0)\n", 3, "SystemExit"),
        ("import os\n\nos._exit(0)\n", None, "ended its process"),
        ("import os\n\nos.kill(os.getpid(), 9)\n", None, "SIGKILL"),
        (
            "from mlflow.models import ModelConfig\n\nModelConfig(development_config='c.yml')\n",
            3,
            "model-config: {name}/config.yml",
        ),
        (ECHO.replace("text = request", "raise RuntimeError('no voice') #"), 11, "no voice"),
    ],
    ids=[
        "syntax",
        "raises at import",
        "package missing",
        "no set_model",
        "set_model of nothing",
        "exit",
        "_exit",
        "killed",
        "no config",
        "raises in predict",
    ],
)
def test_an_agent_that_cannot_be_built(
    checkout: Checkout, agent: str, line: int | None, said: str
) -> None:
    step = checkout.run(agent)

    error = the_error(step)
    assert said.format(name=checkout.name) in error
    if line:
        assert f"file={checkout.name}/agent.py,line={line}" in error
    assert step.outputs["run-id"] == step.outputs["model-uri"] == ""


def test_the_traceback_is_the_agents_own(checkout: Checkout) -> None:
    error = the_error(checkout.run(RAISES))

    frames = re.findall(r'File "([^"]+)", line (\d+)', error)
    assert [(file.rpartition("/")[2], line) for file, line in frames] == [
        ("agent.py", "8"),
        ("agent.py", "5"),
    ]


@pytest.mark.exhaustive
def test_a_model_without_a_signature_is_refused(checkout: Checkout) -> None:
    error = the_error(checkout.run(PLAIN.format(predict="'yes'")))

    assert "no output signature" in error
    assert "input-example:" in error


@pytest.mark.exhaustive
def test_a_predict_that_only_works_in_the_checkout_is_found_by_verify(checkout: Checkout) -> None:
    checkout.write("helper_of_the_checkout.py", "ANSWER = 'yes'\n")
    agent = "import helper_of_the_checkout\n" + PLAIN.format(
        predict="helper_of_the_checkout.ANSWER"
    )

    step = checkout.run(agent, input_example='"question"')

    error = the_error(step)
    assert "No module named 'helper_of_the_checkout'" in error
    assert f"file={checkout.name}/agent.py,line=1::" in error
    assert [(stage["name"], stage["passed"]) for stage in step.result["stages"]][-2:] == [
        ("Build", True),
        ("Verify", False),
    ]


@pytest.mark.exhaustive
def test_a_predict_that_raises_is_an_error_though_mlflow_only_warns(checkout: Checkout) -> None:
    agent = PLAIN.format(predict="1 / 0").replace(
        "    def predict(self, context, model_input, params=None):",
        "    def predict(self, context, model_input: list[str], params=None) -> list[str]:",
    )

    error = the_error(checkout.run(agent, input_example='["question"]'))

    assert "ZeroDivisionError" in error
    assert f"file={checkout.name}/agent.py,line=7::" in error


@pytest.mark.exhaustive
def test_no_requirements_anywhere(checkout: Checkout) -> None:
    (checkout.folder / "requirements.txt").unlink()

    error = the_error(checkout.run())

    assert "`requirements`" in error
    assert f"{checkout.name}/requirements.txt" in error


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "agent",
    [
        "import time\n\ntime.sleep(600)\n",
        ECHO.replace("text =", "import time; time.sleep(600); text ="),
    ],
    ids=["at import", "in predict"],
)
def test_an_agent_that_takes_too_long(checkout: Checkout, agent: str) -> None:
    error = the_error(checkout.run(agent, timeout_minutes="0.3"))

    assert "`timeout-minutes`" in error
    assert "not finished after 0.3 minutes" in error


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("pull_request_target", "auto"),
        ("pull_request_target", "register"),
        ("issue_comment", "auto"),
        ("issue_comment", "log"),
        ("workflow_run", "preview"),
        ("repository_dispatch", "auto"),
        ("", "auto"),
    ],
)
def test_on_other_events_nothing_of_the_checkout_is_read(
    checkout: Checkout, name: str, mode: str
) -> None:
    git = checkout.folder / ".git"
    git.mkdir()
    # As if the commit of the job were checked out, which anybody can write there.
    (git / "HEAD").write_text(f"{SHA}\n")
    payload = {**PULL_REQUEST.payload, "action": "completed"}

    step = checkout.run(
        given={"model-config": f"{checkout.name}/not-there.yml", "mode": mode},
        event=Event(name, "refs/heads/main", payload),
    )
    shutil.rmtree(git)

    assert step.status == 1
    (error,) = step.commands("error")
    assert f"builds no agent on {f'`{name}`' if name else 'an event without a name'}" in error
    # Else the configuration that isn't there would be told too.
    assert "not-there" not in step.log
    assert "::group::Read" not in step.log


@pytest.mark.exhaustive
def test_credentials_of_the_checkout_are_a_notice(checkout: Checkout) -> None:
    git = checkout.folder / ".git"
    git.mkdir()
    (git / "config").write_text(
        '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic eDp5\n'
    )

    step = checkout.run("nonsense(", mode="preview")
    shutil.rmtree(git)

    (notice,) = [each for each in step.commands("notice") if "its credentials" in each]
    assert f"`{checkout.name}/.git/config`" in notice
    assert "persist-credentials: false" in notice
    assert "eDp5" not in step.log


BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)
PROJECT = '[project]\nname = "support"\nversion = "1"\nrequires-python = ">=3.11"\n'


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "file", "text", "said"),
    [
        ("model_config", "config.yml", BOMB, "comes to more than 50000 values"),
        ("signature", "signature.yml", "inputs: [2024-01-01]\noutputs: [a]\n", "JSON doesn't have"),
        ("requirements", "a.txt", "-r a.txt\n-r a.txt\n-r b.txt", "does not exist"),
        ("requirements", "pyproject.toml", "project = 3\n", "project = 3"),
        ("requirements", "pyproject.toml", f"a = {'[' * 3_000}", "pyproject.toml"),
    ],
)
def test_a_file_that_is_hostile(
    checkout: Checkout, name: str, file: str, text: str, said: str
) -> None:
    path = checkout.write(file, text)

    error = the_error(checkout.run(given={name: path}))

    assert f"`{name.replace('_', '-')}`" in error
    assert said in error


@pytest.mark.exhaustive
def test_a_lock_that_is_none(checkout: Checkout) -> None:
    checkout.write("pyproject.toml", PROJECT)
    checkout.write("uv.lock", "package = 3\n")

    assert "uv.lock" in the_error(checkout.run())


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "file", "target", "said"),
    [
        ("model_config", "config.yml", "../.git/config", "`{name}/config.yml` is a link to"),
        ("report_path", "report", "../.git", "`{name}/report` is a link"),
        ("requirements", "a.txt", "../.env", "`{name}/a.txt` is a link to"),
        ("artifacts", "lib", "../.git", "`{name}/lib` is a link to"),
    ],
)
def test_a_link_to_what_is_private(
    checkout: Checkout, name: str, file: str, target: str, said: str
) -> None:
    git = checkout.runner.workspace / ".git"
    git.mkdir(exist_ok=True)
    (git / "config").write_text("[http]\n\textraheader = secret\n")
    (checkout.runner.workspace / ".env").write_text("TOKEN=secret\n")
    (checkout.folder / file).symlink_to(target)
    path = f"{checkout.name}/{file}"

    error = the_error(checkout.run(given={name: f"x={path}" if name == "artifacts" else path}))

    assert f"`{name.replace('_', '-')}`" in error
    assert said.format(name=checkout.name) in error
    assert not [path.name for path in git.iterdir() if path.name != "config"]


@pytest.mark.exhaustive
def test_what_is_no_file_is_not_waited_for(checkout: Checkout) -> None:
    os.mkfifo(checkout.folder / "pipe.txt")

    error = the_error(checkout.run(input_example=f"{checkout.name}/pipe.txt"))

    assert f"`{checkout.name}/pipe.txt` is a named pipe" in error


@pytest.mark.exhaustive
def test_a_line_of_a_toml_text_is_no_requirement(checkout: Checkout) -> None:
    checkout.write("secret.txt", "token==1 --hash=sha256:0\n")
    checkout.write(
        "pyproject.toml",
        f'{PROJECT}description = "x"\ndependencies = ["not-there-at-all==1"]\n'
        '[tool.x]\ntext = """\n-r secret.txt\nevil==1 --hash=sha256:0\n"""\n',
    )

    error = the_error(checkout.run(requirements=f"{checkout.name}/pyproject.toml"))

    assert f"file={checkout.name}/pyproject.toml,line=6::" in error
    assert "token==1" not in error


@pytest.mark.exhaustive
def test_an_embedded_store_that_writes_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    experiment = f"/Shared/{checkout.name}"
    assert checkout.run(experiment="/Shared/first").status == 0
    checkout.client.create_experiment(experiment, (tmp_path / "elsewhere").as_uri())

    error = the_error(checkout.run(ECHO + "# changed\n", experiment=experiment))

    assert "`tracking-uri`: `embedded`: it keeps artifacts in `file://" in error
    assert not (tmp_path / "elsewhere").exists()
