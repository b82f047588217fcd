"""Cases of what a checkout and its files are like, over the real program."""

import pytest

from tests.integration.conftest import Checkout

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
