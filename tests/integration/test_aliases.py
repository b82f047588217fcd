"""Aliases that would move backwards, because a job of an older commit is run again."""

from collections.abc import Iterator

import pytest

from doubles.github import GitHub
from doubles.runner import Step
from tests.integration.conftest import ECHO, Checkout

pytestmark = pytest.mark.exhaustive

FIRST, SECOND, THIRD, UNKNOWN = (letter * 40 for letter in "1234")
CHANGED = ECHO.replace("[-1].content", "[-1].content.upper()")
OTHER = ECHO.replace("[-1].content", "[-1].content.lower()")


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        github.commit(FIRST)
        github.commit(SECOND, FIRST)
        github.commit(THIRD, SECOND)
        yield github


def registered(checkout: Checkout, github: GitHub, agent: str, commit: str) -> Step:
    env = {**github.env, "GITHUB_SHA": commit}
    step = checkout.run(agent, {"aliases": "champion"}, env=env)
    assert step.status == 0, step.log
    return step


def promoted(checkout: Checkout, version: int) -> Step:
    step = checkout.runner.run(
        {
            "mode": "promote",
            "source": f"models:/{checkout.target}/{version}",
            "uc-target": checkout.target,
            "tracking-uri": "embedded",
            "aliases": "champion",
        }
    )
    assert step.status == 0, step.log
    return step


def champion(checkout: Checkout) -> int:
    return int(checkout.client.get_model_version_by_alias(checkout.target, "champion").version)


def compared(github: GitHub) -> list[str]:
    return [call.path.rpartition("/")[2] for call in github.calls if "/compare/" in call.path]


def test_an_older_commit_does_not_take_an_alias_back(checkout: Checkout, github: GitHub) -> None:
    first = registered(checkout, github, ECHO, FIRST)
    assert first.outputs["moved-aliases"] == "champion="
    assert compared(github) == []

    second = registered(checkout, github, CHANGED, SECOND)
    assert second.outputs["moved-aliases"] == "champion=1"
    assert compared(github) == [f"{SECOND}...{FIRST}"]

    for agent, version in ((ECHO, "1"), (OTHER, "3")):
        older = registered(checkout, github, agent, FIRST)
        assert older.outputs["model-version"] == version
        assert (older.outputs["moved-aliases"], older.outputs["kept-aliases"]) == ("", "champion=2")
        (warning,) = older.commands("warning")
        assert "`champion` of" in warning
        assert "stays on version 2" in warning
        assert "stays on version 2" in older.summary
        assert f"source: models:/{checkout.target}/{version}" in older.summary
        assert champion(checkout) == 2

    # As the warning says.
    back = promoted(checkout, 1)
    assert back.outputs["moved-aliases"] == "champion=2"
    (warning,) = back.commands("warning")
    assert "moves backwards, from version 2 to version 1" in warning
    assert "moves backwards, from version 2 to version 1" in back.summary
    assert champion(checkout) == 1


def test_a_later_commit_may_bring_an_older_version_back(checkout: Checkout, github: GitHub) -> None:
    registered(checkout, github, ECHO, FIRST)
    registered(checkout, github, CHANGED, SECOND)

    reverted = registered(checkout, github, ECHO, THIRD)

    assert reverted.outputs["moved-aliases"] == "champion=2"
    assert not reverted.commands("warning")
    assert champion(checkout) == 1


def test_where_the_order_is_not_known_the_alias_moves_with_a_warning(
    checkout: Checkout, github: GitHub
) -> None:
    registered(checkout, github, ECHO, FIRST)
    registered(checkout, github, CHANGED, UNKNOWN)

    # GitHub doesn't know what was overwritten by a push.
    step = registered(checkout, github, ECHO, FIRST)

    assert (step.outputs["moved-aliases"], step.outputs["kept-aliases"]) == ("champion=2", "")
    (warning,) = step.commands("warning")
    assert "moves backwards, from version 2 to version 1" in warning
    assert champion(checkout) == 1
