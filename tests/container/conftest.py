"""The real image, run as GitHub's runner runs it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine import Engine, locked, opened
from tests.container.runner import Runner
from tests.container.victim import Victim, clean_job


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder that all workers of the test session have."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "container"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def engine(shared: Path) -> Iterator[Engine]:
    """Give one engine to all workers."""
    with opened(shared) as engine:
        yield engine


@pytest.fixture(scope="session")
def image(engine: Engine, shared: Path) -> str:
    """Build the image from the real Dockerfile, or take the one that a release is about to ship."""
    released = os.environ.get("RELEASED_IMAGE")
    with locked(shared):
        return engine.pull(released) if released else engine.build()


@pytest.fixture
def runner(engine: Engine, image: str, tmp_path: Path) -> Iterator[Runner]:
    """Give a job on a runner, without a checkout yet."""
    runner = Runner(engine, image, tmp_path)
    yield runner
    runner.end()


@pytest.fixture(scope="session")
def clean_workspace(engine: Engine, image: str, shared: Path) -> Path:
    """The workspace of a job that nobody attacked: its cache, and the store with its model."""
    folder = shared / "clean"
    with locked(shared):
        if not (folder / "done").exists():
            folder.mkdir()
            clean_job(engine, image, folder)
            (folder / "done").touch()
    return folder / "workspace"


@pytest.fixture
def victim(runner: Runner, engine: Engine, clean_workspace: Path, tmp_path: Path) -> Victim:
    """Give a job to attack, without a checkout yet."""
    return Victim(runner, engine, clean_workspace, tmp_path)
