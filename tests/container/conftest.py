"""The real image, run as GitHub's runner runs it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine import STAND_IN, Engine, stand_in
from tests.container.runner import Runner
from tests.tools import missing, require


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Give the engine that answers, else one that lives as long as the tests."""
    if missing("docker") and STAND_IN.exists() and os.getuid() == 0:
        folder = tmp_path_factory.mktemp("engine")
        try:
            yield stand_in(folder)
        finally:
            subprocess.run([STAND_IN, "stop", folder], check=True)
    else:
        require("docker")
        yield Engine(os.environ)


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    """Build the image from the real Dockerfile, or take the one that a release is about to ship."""
    released = os.environ.get("RELEASED_IMAGE")
    return engine.pull(released) if released else engine.build()


@pytest.fixture
def runner(engine: Engine, image: str, tmp_path: Path) -> Iterator[Runner]:
    """Give a job on a runner, without a checkout yet."""
    runner = Runner(engine, image, tmp_path)
    yield runner
    runner.end()
