"""What tests of every kind share."""

from collections.abc import Iterator

import pytest

from tests.doubles.github import Judge
from tests.tools import require


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """GitHub's description of its API, for doubles of it."""
    require("npm")
    with Judge(tmp_path_factory.mktemp("judge")) as judge:
        yield judge
