"""What goes wrong while a version is promoted: at every request, in every way."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.integration.publisher import Order, Publisher
from tests.integration.site import Site, sites
from tests.integration.test_faults import (
    ENOUGH,
    KINDS,
    SITES,
    Table,
    at_every_request,
    each_kind,
    faulted,
    shortened,
)

pytestmark = pytest.mark.exhaustive

names = map("promoted_{}".format, count())


@pytest.fixture(scope="module")
def all_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Site]]:
    """Every site has registered what is promoted."""
    with sites(tmp_path_factory.mktemp("sites"), SITES) as made:
        for site in made:
            site.requests_of(site.order("source"))
        yield made


@pytest.fixture(scope="module")
def site(all_sites: list[Site]) -> Site:
    return all_sites[0]


def promotion(site: Site, name: str, **more: str) -> Order:
    return site.order(name, source="models:/prod.agents.source/1", **more)


@pytest.fixture(scope="module")
def promoting(site: Site) -> Table:
    site.requests_of(promotion(site, next(names)))  # some things are asked once
    requests = site.requests_of(promotion(site, next(names)))
    return Table("Promoting", shortened(requests))


@each_kind
def test_promoting(all_sites: list[Site], promoting: Table, name: str) -> None:
    def one(site: Site, position: int) -> str:
        return faulted(site, promotion(site, next(names)), KINDS[name], position)

    promoting.columns[name] = column = at_every_request(promoting, all_sites, one)
    assert [cell for cell in column if cell not in ("✓", "r")] == []


def test_the_table(promoting: Table, record_property: Callable[[str, object], None]) -> None:
    """It is shown at the end of the test session."""
    record_property("table", str(promoting))


def test_what_two_jobs_promote_at_once_is_one_version(site: Site) -> None:
    gave_way = 0
    with Publisher(site.environ) as other:
        for _ in range(10 * ENOUGH):
            name = next(names)
            publishers = {"1": site.publisher, "2": other}
            orders = {run: promotion(site, name, workflow_run=run) for run in publishers}
            for run, publisher in publishers.items():
                publisher.start(orders[run])
            outcomes = [publisher.outcome() for publisher in publishers.values()]

            state = site.state(name)
            for order, outcome in zip(orders.values(), outcomes, strict=True):
                assert not outcome.failure, outcome
                assert state.problem(order, outcome) == ""
            told = [outcome for outcome in outcomes if "another job promoted" in outcome.log]
            gave_way += len(told)
            assert len(told) <= 1
            if gave_way == ENOUGH:
                return
    pytest.fail("the jobs hardly met")
