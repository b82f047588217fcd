"""The real image, run as GitHub's runner runs it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine import Engine, locked, opened
from tests.container.runner import Runner


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
