"""The guess at an environment, in a folder into which foreign programs may write."""

import os
import sys
from pathlib import Path

import pytest

from entrypoint.agent.environment.interpreter import Wanted
from entrypoint.agent.environment.last_environment import LastEnvironment
from entrypoint.agent.environment.requirements import Requirements

NAME = "0123456789abcdef01234567"


@pytest.fixture
def last(tmp_path: Path) -> LastEnvironment:
    return LastEnvironment(tmp_path / "environments", tmp_path / "checkout")


@pytest.fixture
def asked(last: LastEnvironment) -> Requirements:
    return Requirements(files=(last.checkout / "agents/requirements.txt",))


@pytest.fixture
def python(last: LastEnvironment) -> Path:
    """An environment that is complete."""
    python = last.environments / NAME / "bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (last.environments / NAME / "complete").touch()
    return python


def test_what_was_made_is_recalled(
    last: LastEnvironment, asked: Requirements, python: Path
) -> None:
    assert last.recall(asked, None) is None

    last.remember(asked, None, python)
    last.remember(asked, None, python)

    assert last.recall(asked, None) == python


def test_others_that_ask_have_another(
    last: LastEnvironment, asked: Requirements, python: Path
) -> None:
    last.remember(asked, None, python)

    assert last.recall(asked, Wanted("3.12", "`python-version`")) is None
    assert last.recall(Requirements(lines=("mlflow",)), None) is None


@pytest.mark.parametrize("gone", ["complete", "bin/python"])
def test_what_is_gone_is_not_recalled(
    last: LastEnvironment, asked: Requirements, python: Path, gone: str
) -> None:
    last.remember(asked, None, python)
    (last.environments / NAME / gone).unlink()

    assert last.recall(asked, None) is None


@pytest.mark.parametrize("planted", ["../../elsewhere", "", NAME + "/..", "\0"])
def test_a_name_that_was_planted_is_not_followed(
    last: LastEnvironment, asked: Requirements, python: Path, planted: str
) -> None:
    last.remember(asked, None, python)
    (note,) = last.environments.glob("*.last")
    note.write_text(planted)

    assert last.recall(asked, None) is None


def test_a_pipe_that_was_planted_holds_nobody_up(
    last: LastEnvironment, asked: Requirements, python: Path
) -> None:
    last.remember(asked, None, python)
    (note,) = last.environments.glob("*.last")
    note.unlink()
    os.mkfifo(note)

    last.remember(asked, None, python)

    assert last.recall(asked, None) is None
