"""One finding is told once, however many lines have it."""

from entrypoint.resources.check import api_scopes
from entrypoint.resources.check.places import also_at
from entrypoint.resources.check.undeclared import possible, undeclared
from entrypoint.resources.resource import Declarations, Use
from entrypoint.runtime.errors import Place

FILE = "agents/resources.yml"
AGENT = Place("agent.py")


def place(line: int) -> Place:
    return Place("agent.py", line, 1)


def test_the_first_place_is_the_findings_own_and_the_others_are_listed() -> None:
    assert also_at([place(3), place(3), None, place(5), place(9)]) == (
        "Also at agent.py:5:1, agent.py:9:1"
    )
    assert also_at([place(3)]) == ""
    assert also_at([]) == ""


def test_many_places_are_counted() -> None:
    assert also_at(map(place, range(1, 102))).endswith("agent.py:51:1 and 50 more")


def test_a_resource_that_isnt_declared_is_one_finding() -> None:
    uses = [Use("app", "shop", "ask(...)", "code", place(line)) for line in (4, 7, 9)]

    (problem,) = undeclared(Declarations(), uses, AGENT, FILE)

    assert problem.place == place(4)
    assert problem.detail == "Also at agent.py:7:1, agent.py:9:1"


def test_calls_that_may_use_the_same_resources_are_one_finding() -> None:
    uses = [
        Use("app", name, "ask(...)", "code", place(line), certain=False)
        for line in (4, 7)
        for name in ("shop", "store")
    ]
    another = Use("app", "depot", "ask(...)", "code", place(9), certain=False)

    first, second = possible(Declarations(), [*uses, another])

    assert "app `shop`, app `store`. Nothing" in first.what
    assert (first.place, first.detail) == (place(4), "Also at agent.py:7:1")
    assert (second.place, second.detail) == (place(9), "")


def test_what_cant_be_used_for_the_user_is_one_finding() -> None:
    uses = [
        Use("table", "c.s.orders", "read(...)", "code", place(line), on_behalf_of_user=True)
        for line in (4, 7)
    ]

    (problem,) = api_scopes.without_direct_access(Declarations(), uses)

    assert (problem.place, problem.detail) == (place(4), "Also at agent.py:7:1")
