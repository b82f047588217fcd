"""Agents in notebooks: MLflow runs them, and errors speak of the notebook's own cells."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.integration.conftest import ECHO, Checkout
from tests.integration.test_bad_input import the_error
from tests.integration.test_register import EXAMPLES

pytestmark = pytest.mark.exhaustive

HEADER = "# Databricks notebook source\n"
NEXT = "\n# COMMAND ----------\n\n"
INSTALL = "# MAGIC %pip install -qU six==1.17.0\n# MAGIC dbutils.library.restartPython()\n"


def jupyter(*cells: str) -> str:
    """A notebook as Jupyter saves it, one code cell a text."""
    kind: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    sources = [{**kind, "source": text.splitlines(keepends=True)} for text in cells]
    return json.dumps({"cells": sources, "metadata": {}, "nbformat": 4}, indent=1)


@pytest.mark.parametrize(
    ("example", "agent", "answer"),
    [
        ("notebook", "agent.py", "Saturday: from 10:00 to 14:00."),
        ("ipynb", "agent.ipynb", "1 mile is 1609.34 m."),
    ],
)
def test_registers_an_example(checkout: Checkout, example: str, agent: str, answer: str) -> None:
    shutil.copytree(EXAMPLES / example, checkout.folder, dirs_exist_ok=True)

    step = checkout.run(
        given={"agent-path": f"{checkout.name}/{agent}"},
        agent=(EXAMPLES / "notebook/agent.py").read_text(),
    )

    assert step.status == 0, step.log
    assert answer in step.result["verification"]["answer"]
    assert [version.status for version in checkout.versions()] == ["READY"]


def test_a_databricks_notebook_is_logged_as_written_with_what_it_installs(
    checkout: Checkout,
) -> None:
    agent = (
        f"{HEADER}{INSTALL}{NEXT}import six\ndbutils.library.restartPython()\n{NEXT}"
        f"# MAGIC %sql\n# MAGIC SELECT 1\n{NEXT}{ECHO}"
    )

    step = checkout.run(agent)

    assert step.status == 0, step.log
    files = checkout.model(step)
    assert (files / "agent.py").read_text() == agent
    assert "six==1.17.0" in (files / "requirements.txt").read_text().splitlines()
    told = "\n".join(step.commands("notice"))
    assert "six==1.17.0" in told
    assert "`%sql` (line 12)" in told.replace("%25", "%")


def test_a_jupyter_notebook_loads_with_mlflow_alone(checkout: Checkout) -> None:
    path = checkout.write(
        "support.ipynb",
        jupyter("%pip install -q six==1.17.0", "import six\n%load_ext autoreload\n", ECHO),
    )

    step = checkout.run(agent_path=path)

    assert step.status == 0, step.log
    files = checkout.model(step)
    assert (files / "support.py").is_file()
    assert not list(files.rglob("*.ipynb"))
    question = {"input": [{"role": "user", "content": "Is anybody there?"}]}
    program = (
        "import json, sys, mlflow\n"
        "print(mlflow.pyfunc.load_model(sys.argv[1]).predict(json.loads(sys.argv[2])))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(files), json.dumps(question)],
        cwd=checkout.runner.temp,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert "Is anybody there?" in done.stdout


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x = 1\ndef f(:\n", ["cell 2, line 2", "not valid Python"]),
        ("\ndef f():\n    return 1 / 0\n\nf()\n", ["cell 2, line 3", "ZeroDivisionError"]),
        ("%run ./tools", ["cell 2, line 1", "runs `./tools`", "code-paths: {name}/tools.py"]),
        (
            "%%writefile agent.py\nmlflow.models.set_model(1)",
            ["cell 2, line 1", "agent-path: {name}/agent.py"],
        ),
        ("import mlflow\nmlflow.pyfunc.log_model(name='x')", ["cell 2, line 2", "log_model"]),
    ],
)
def test_what_is_wrong_is_told_with_the_cell(
    checkout: Checkout, cell: str, said: list[str]
) -> None:
    notebook = jupyter("import os\n", cell)
    path = checkout.write("support.ipynb", notebook)

    step = checkout.run(agent_path=path, mode="preview")

    error = the_error(step)
    for text in said:
        assert text.format(name=checkout.name) in error
    # The annotation is on the line of the file that holds the cell's line.
    line = next(
        number for number, text in enumerate(notebook.split("\n"), 1) if '"import os' in text
    )
    assert f"file={path},line=" in error
    assert int(error.partition(",line=")[2].partition("::")[0].partition(",")[0]) > line
    assert "/support.py" not in step.log


def test_a_notebook_in_a_subfolder_finds_its_files(checkout: Checkout) -> None:
    checkout.write("agents/requirements.txt", "mlflow==3.17.2\nsix==1.17.0\n")
    checkout.write("agents/config.yml", "name: Ada\n")
    agent = ECHO.replace(
        "class Echo",
        'NAME = mlflow.models.ModelConfig(development_config="config.yml").get("name")\n\n\n'
        "class Echo",
    ).replace("request.input[-1].content", "NAME")
    path = checkout.write("agents/a.ipynb", jupyter("%pip install -r requirements.txt", agent))

    step = checkout.run(
        agent_path=path, mode="preview", model_config=f"{checkout.name}/agents/config.yml"
    )

    assert step.status == 0, step.log
    assert "Ada" in step.result["verification"]["answer"]
    assert "six==1.17.0" in step.log
