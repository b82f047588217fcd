"""How the prompts differ that two agents load."""

from entrypoint.comparison.changes import Baseline, PromptChange
from entrypoint.comparison.compare import compare
from entrypoint.comparison.prompts import changes
from entrypoint.comparison.snapshot import Snapshot

BASELINE = Baseline("models:/prod.agents.support/1", "1")


def loading(*prompts: str, digest: str = "a") -> Snapshot:
    return Snapshot(digest=digest, prompts=frozenset(f"prompts:/{each}" for each in prompts))


def test_versions_are_compared_by_the_prompts_name() -> None:
    before = loading("c.s.tone/1", "c.s.rules/2", "c.s.same/1")
    after = loading("c.s.tone/2", "c.s.new/1", "c.s.same/1")

    assert list(changes(before, after, str)) == [
        PromptChange("c.s.new", "", "1"),
        PromptChange("c.s.rules", "2", ""),
        PromptChange("c.s.tone", "1", "2"),
    ]


def test_what_is_not_known_is_no_change() -> None:
    assert not list(changes(Snapshot(), loading("c.s.tone/1"), str))
    assert not list(changes(loading("c.s.tone/1"), Snapshot(), str))


def test_the_same_agent_may_load_another_version() -> None:
    same = compare(BASELINE, loading("c.s.tone/1"), loading("c.s.tone/1"), str)
    other = compare(BASELINE, loading("c.s.tone/1"), loading("c.s.tone/2"), str)

    assert same.is_same
    assert not other.is_same
    assert other.prompts == (PromptChange("c.s.tone", "1", "2"),)


def test_secrets_are_taken_out() -> None:
    found = changes(loading(), loading("c.s.tone/1"), lambda text: text.replace("tone", "***"))

    assert list(found) == [PromptChange("c.s.***", "", "1")]
