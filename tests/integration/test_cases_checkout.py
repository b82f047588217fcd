"""Cases of what a checkout and its files are like, over the real program."""

import sys

import pytest

from tests.integration.conftest import Checkout
from tests.tools import do_without

pytestmark = pytest.mark.exhaustive


def test_a_git_lfs_pointer_among_the_artifacts_is_refused_at_once(checkout: Checkout) -> None:
    step = checkout.case("lfs-pointer")

    assert step.status == 1
    assert "weights.gguf` is a Git LFS pointer, not the file itself" in step.log
    assert "lfs: true" in step.log
    assert "Environment" not in step.log


def test_a_submodule_that_was_not_fetched_is_refused_at_once(checkout: Checkout) -> None:
    (checkout.folder / "libs/shared").mkdir(parents=True)
    gitmodules = checkout.runner.workspace / ".gitmodules"
    gitmodules.write_text(f'[submodule "shared"]\n\tpath = {checkout.name}/libs/shared\n')

    step = checkout.case("empty-submodule")

    gitmodules.unlink()
    assert step.status == 1
    assert "libs/shared` is empty: a submodule that was not checked out" in step.log
    assert "submodules: true" in step.log
    assert "Environment" not in step.log


def test_a_variable_of_pip_is_named_where_a_package_is_not_found(checkout: Checkout) -> None:
    step = checkout.case("pip-env-index")

    assert step.status == 1
    assert "`PIP_EXTRA_INDEX_URL` is set and has no effect" in step.log
    assert "UV_INDEX: http://127.0.0.1:18901/simple" in step.log


def test_dbutils_is_told_before_the_agent_fails_on_it(checkout: Checkout) -> None:
    step = checkout.case("dbutils-env")

    assert step.status == 1
    assert (
        "::warning file=test_dbutils_is_told_before_the_agent_fails_on_it/agent/agent.py,line=6"
        in step.log
    )
    assert "{{secrets/agents/tavily}}" in step.log


def test_a_project_of_poetrys_is_there_and_not_read(checkout: Checkout) -> None:
    step = checkout.case("poetry-pyproject")

    assert step.status == 1
    assert "pyproject.toml` is there, but it has no `[project]`" in step.log
    assert "Poetry's own table isn't read" in step.log
    assert "poetry export" in step.log


def test_syntax_is_judged_by_the_agents_own_python(checkout: Checkout) -> None:
    step = checkout.case("newer-syntax")

    if "is not there and can't be fetched" in step.log:
        do_without("python3.12", "Python 3.12 is missing, and can't be fetched")
    assert step.status == 0, step.log
    assert "is not valid Python" not in step.log
    if sys.version_info < (3, 12):
        assert "some lines could not be read" in step.log
        assert "agent/agent.py, line 9" in step.log


def test_files_as_windows_writes_them_are_read(checkout: Checkout) -> None:
    step = checkout.case("windows-files", resources_file=f"{checkout.name}/agent/resources.yml")

    assert step.status == 0, step.log


def test_a_path_with_backslashes_is_corrected(checkout: Checkout) -> None:
    step = checkout.run(artifacts=f"rules={checkout.name}\\requirements.txt")

    assert step.status == 1
    assert f"not with `\\`: `{checkout.name}/requirements.txt`" in step.log


def test_artifacts_of_one_name_are_kept_apart(checkout: Checkout) -> None:
    first = checkout.case("same-name-artifacts")
    again = checkout.runner.run(
        {
            "mode": "promote",
            "source": f"models:/{checkout.target}/1",
            "uc-target": f"{checkout.target}_prod",
            "tracking-uri": "embedded",
        }
    )

    assert first.status == 0, first.log
    assert "Hello/Hola" in first.result["verification"]["answer"]
    assert again.status == 0, again.log


def test_a_pinned_older_mlflow_would_lose_one_and_it_is_said_at_once(checkout: Checkout) -> None:
    checkout.write("agent/requirements.txt", "mlflow-skinny==3.14.0\npandas\n")

    step = checkout.case("same-name-artifacts")

    assert step.status == 1
    assert "MLflow 3.14.0 would keep one of them" in step.log
    assert "Environment" not in step.log
