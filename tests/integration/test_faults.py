"""What goes wrong while an agent is published: at every request, in every way.

`test_program_faults.py` has the two ways that are nothing new here: 503 is 429 to the client, and a
reset before the server acts is a reset to the client and a 500 to the server.
"""

import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from queue import SimpleQueue
from typing import Any

import pytest
import requests

from doubles.databricks import Fault
from doubles.databricks.fault import Garbled
from tests.integration.publisher import Order, Outcome, Publisher
from tests.integration.site import Site, State, sites

pytestmark = pytest.mark.exhaustive

SITES = 3
# More requests than any job makes.
MANY = 200
# Times that two jobs meet.
ENOUGH = 3
OTHER_SHA = "9c3d1b0a5e7f42688d3c0b9a7e5f1d2c4b6a8e90"
names = map("case_{}".format, count())


@dataclass(frozen=True)
class Kind:
    """A way to go wrong at a request."""

    faults: Callable[[int], list[Fault]]
    acts_late: bool = False
    """The server acts when nobody waits for it any more."""
    timeout: int = Order.timeout
    """Seconds for which the job waits for an answer."""
    signals: tuple[signal.Signals, ...] = ()
    """What the job gets while the request is under way: one here, the next at the next request."""


def answered(status: int, code: str, *, retry_after: str = "", times: int = 1) -> Kind:
    body = {"error_code": code, "message": "Something went wrong."}
    headers = {"Retry-After": retry_after} if retry_after else {}

    def faults(number: int) -> list[Fault]:
        numbers = range(number, number + times)
        return [Fault(number=n, status=status, body=body, headers=headers) for n in numbers]

    return Kind(faults)


def garbled(*ways: Garbled) -> Kind:
    """One way at one request, the next at the next."""
    return Kind(lambda n: [Fault(number=n, garbled=ways[n % len(ways)])])


def signalled(*signals: signal.Signals) -> Kind:
    return Kind(lambda n: [Fault(number=n, delay=0.3)], acts_late=True, signals=signals)


KINDS = {
    "429": answered(429, "REQUEST_LIMIT_EXCEEDED", retry_after="0"),
    "500": answered(500, "INTERNAL_ERROR"),
    "reset after": Kind(lambda n: [Fault(number=n, reset="after")]),
    "hang": Kind(lambda n: [Fault(number=n, delay=1.1)], acts_late=True, timeout=1),
    "unreadable": garbled("truncated", "html", "json", "empty", "encoding"),
    # The SDK tries for four times as long as it waits.
    "outage": replace(answered(500, "INTERNAL_ERROR", times=MANY), timeout=1),
    "cancelled": signalled(signal.SIGINT, signal.SIGTERM),
    "killed": signalled(signal.SIGKILL),
}


each_kind = pytest.mark.parametrize("name", KINDS)


@dataclass
class Table:
    """What came of every kind of fault at every request of a job."""

    title: str
    requests: list[str]
    columns: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        kinds = "  ".join(self.columns)
        lines = [f"{self.title}: ✓ went well at once, r was repaired by the re-run", f"    {kinds}"]
        for number, request in enumerate(self.requests):
            cells = "  ".join(
                f"{column[number]:^{len(kind)}}" for kind, column in self.columns.items()
            )
            lines.append(f"{number + 1:3} {cells}  {request}")
        return "\n".join(lines)


@pytest.fixture(scope="module")
def all_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Site]]:
    with sites(tmp_path_factory.mktemp("sites"), SITES) as made:
        yield made


@pytest.fixture(scope="module")
def site(all_sites: list[Site]) -> Site:
    return all_sites[0]


@pytest.fixture(scope="module")
def publishing(site: Site) -> Table:
    site.requests_of(site.order(next(names)))  # some things are asked once
    return Table("Publishing", shortened(site.requests_of(site.order(next(names)))))


@pytest.fixture(scope="module")
def reusing(all_sites: list[Site]) -> Table:
    """Every site has registered what is used again, at another commit and for another alias."""
    for site in all_sites:
        site.requests_of(site.order("reused"))
    return Table("Reusing", shortened(all_sites[0].requests_of(again(all_sites[0]))))


def shortened(requests: list[str]) -> list[str]:
    """Requests without what differs from job to job."""
    for pattern, instead in (
        (r" .*/LoggedModels/.*", " a file of the logged model"),
        (r" .*/Models/.*", " a file of the version"),
        (r"m-[0-9a-f]{32}", "{id}"),
        (r"/api/2.0/mlflow/", ""),
    ):
        requests = [re.sub(pattern, instead, request) for request in requests]
    return requests


def again(site: Site) -> Order:
    name = next(names)
    return site.order("reused", commit=f"{name:0<40}", alias=name)


def at_every_request(table: Table, sites: list[Site], one: Callable[[Site, int], str]) -> list[str]:
    """Try something at every request of a job, on whichever site is free; what came of it."""
    free: SimpleQueue[Site] = SimpleQueue()
    for site in sites:
        free.put(site)

    def on_one(position: int) -> str:
        site = free.get()
        try:
            return one(site, position)
        finally:
            free.put(site)

    with ThreadPoolExecutor(len(sites)) as pool:
        return list(pool.map(on_one, range(1, len(table.requests) + 1)))


def faulted(site: Site, order: Order, kind: Kind, position: int) -> str:
    """Run a job that something happens to and, without that, another: ✓, r, or what is wrong."""
    request = len(site.workspace.calls) + position
    site.workspace.faults.add(*kind.faults(request))
    job = site.publisher.start(replace(order, timeout=kind.timeout))
    if kind.signals:
        site.wait_for_request(request)
        os.kill(job, kind.signals[position % len(kind.signals)])
    outcome = site.publisher.outcome()
    if kind.acts_late:
        site.wait_for_answer(request)
    site.workspace.faults.clear()
    state = site.state(order.name)
    if wrong := broken(order, kind, outcome, state):
        return f"{position}: {wrong}"
    problem = outcome.failure or state.problem(order, outcome)
    if not problem:
        return "✓"
    second = site.publisher.run(order)
    repaired = site.state(order.name)
    if wrong := second.failure or repaired.problem(order, second):
        return f"{position}: {wrong} after {problem}; before: {state}"
    if state.ready and repaired.ready != state.ready:
        return f"{position}: {state} was made again: {repaired}"
    return "r"


def broken(order: Order, kind: Kind, outcome: Outcome, state: State) -> str:
    """What no job may leave, whatever happens to it; empty if all is well or can be repaired."""
    if len(state.ready) > 1 or "crashed" in outcome.failure:
        return f"{state} {outcome}"
    if outcome.failure:
        return f"left {state.half_made}" if state.half_made and outcome.is_cancelled else ""
    problem = state.problem(order, outcome)
    return f"well, but {problem} {outcome}" if problem and not kind.acts_late else ""


@each_kind
def test_publishing(all_sites: list[Site], publishing: Table, name: str) -> None:
    def one(site: Site, position: int) -> str:
        return faulted(site, site.order(next(names)), KINDS[name], position)

    publishing.columns[name] = column = at_every_request(publishing, all_sites, one)
    assert [cell for cell in column if cell not in ("✓", "r")] == []


@pytest.mark.parametrize("name", KINDS)
def test_reusing(all_sites: list[Site], reusing: Table, name: str) -> None:
    def one(site: Site, position: int) -> str:
        order = again(site)
        said = faulted(site, order, KINDS[name], position)
        version = site.ask(
            "GET", "unity-catalog/model-versions/get", name=order.full_name, version="1"
        )["model_version"]
        commits = {tag["key"]: tag["value"] for tag in version["tags"]}["git_commits"]
        return said if order.commit in commits else f"{position}: {said}, commits {commits}"

    reusing.columns[name] = column = at_every_request(reusing, all_sites, one)
    assert [cell for cell in column if cell not in ("✓", "r")] == []


def test_who_finds_the_version_late_notes_the_commit_on_it(all_sites: list[Site]) -> None:
    site = all_sites[0]
    first = site.order(next(names))
    site.requests_of(first)
    second = replace(first, commit=OTHER_SHA)
    # An empty answer says that there are none.
    site.workspace.faults.add(Fault(path="logged-models/search", garbled="empty"))

    outcome = site.publisher.run(second)

    site.workspace.faults.clear()
    assert outcome.failure == ""
    assert "it is taken, and version 2, which this job made, was deleted" in outcome.log
    (version,) = site.ask(
        "GET", "unity-catalog/model-versions/search", filter=f"name = '{first.full_name}'"
    )["model_versions"]
    whole = site.ask(
        "GET", "unity-catalog/model-versions/get", name=first.full_name, version=version["version"]
    )["model_version"]
    commits = {tag["key"]: tag["value"] for tag in whole["tags"]}["git_commits"]
    assert commits.split() == [OTHER_SHA, first.commit]


def test_the_tables(
    publishing: Table, reusing: Table, record_property: Callable[[str, object], None]
) -> None:
    """Both are shown at the end of the test session."""
    for table in (publishing, reusing):
        record_property("table", str(table))
    for table in (publishing, reusing):
        for kind, column in table.columns.items():
            assert set(column) <= ({"r"} if kind == "killed" else {"✓", "r"})


def test_what_two_jobs_publish_at_once_is_one_version(site: Site) -> None:
    gave_way = 0
    with Publisher(site.environ) as other:
        for _ in range(10 * ENOUGH):
            name = next(names)
            publishers = {"1": site.publisher, "2": other}
            orders = {run: site.order(name, workflow_run=run) for run in publishers}
            for run, publisher in publishers.items():
                publisher.start(orders[run])
            outcomes = [publisher.outcome() for publisher in publishers.values()]

            state = site.state(name)
            for order, outcome in zip(orders.values(), outcomes, strict=True):
                assert not outcome.failure, outcome
                assert state.problem(order, outcome) == ""
            told = [outcome for outcome in outcomes if "another job registered" in outcome.log]
            gave_way += len(told)
            assert len(told) <= 1
            for outcome in told:
                assert "which this job made, was deleted" in outcome.log
                assert outcome.published["reused"]
            run_ids = {outcome.published["run_id"] for outcome in outcomes}
            assert len(run_ids) == 1
            if gave_way == ENOUGH:
                return
    pytest.fail("the jobs hardly met")


def test_two_jobs_that_ask_for_a_version_each_get_it(site: Site) -> None:
    order = site.order(next(names), once=False)

    outcomes = [site.publisher.run(order), site.publisher.run(order)]

    assert [outcome.published["model_version"] for outcome in outcomes] == ["1", "2"]
    assert site.state(order.name).ready == ["1", "2"]
    reused = site.publisher.run(site.order(order.name))
    assert reused.published["model_version"] == "2"
    assert site.state(order.name).ready == ["1", "2"]


def test_a_job_that_fails_leaves_the_model_to_another(site: Site) -> None:
    order = site.order(next(names), once=False)
    refused = Fault(
        path=f"/Models/prod/agents/{order.name}/(1|3)/",
        times=MANY,
        status=403,
        body={"error_code": "PERMISSION_DENIED", "message": "No."},
    )
    site.workspace.faults.add(refused)
    with Publisher(site.environ) as other:
        job = site.publisher.start(order)
        site.wait_for(refused.path.partition("(")[0] + "1/")
        os.kill(job, signal.SIGSTOP)
        done = other.run(order)
        os.kill(job, signal.SIGCONT)
        failed = site.publisher.outcome()
    site.workspace.faults.clear()

    assert done.published["model_version"] == "2"
    assert failed.failure.startswith("refused")
    assert site.state(order.name).versions == {"2": "READY"}


LOST = Fault(path="unity-catalog/registered-models/create", reset="after")
NO_VERSIONS = Fault(
    path="unity-catalog/model-versions/create",
    times=MANY,
    status=403,
    body={"error_code": "PERMISSION_DENIED", "message": "No."},
)


@pytest.mark.parametrize("lost", [[], [LOST], [replace(LOST, reset="", garbled="html")]])
def test_no_model_without_versions_stays(site: Site, lost: list[Fault]) -> None:
    order = site.order(next(names))
    site.workspace.faults.add(*lost, NO_VERSIONS)

    outcome = site.publisher.run(order)

    site.workspace.faults.clear()
    assert outcome.failure.startswith("refused")
    assert site.ask("GET", "unity-catalog/registered-models/get", name=order.full_name) == {}


def test_a_model_that_may_be_another_jobs_stays(site: Site) -> None:
    order = site.order(next(names))
    site.leave_run(site.order(order.name, workflow_run="7"))
    site.workspace.faults.add(LOST, NO_VERSIONS)

    outcome = site.publisher.run(order)

    site.workspace.faults.clear()
    assert "may be there without a version" in outcome.log
    assert site.ask("GET", "unity-catalog/registered-models/get", name=order.full_name)


def test_a_failed_job_says_that_the_version_is_ready(site: Site) -> None:
    order = site.order(next(names))
    site.workspace.faults.add(
        Fault(
            path="registered-models/alias",
            times=MANY,
            status=403,
            body={"error_code": "PERMISSION_DENIED", "message": "No."},
        )
    )

    outcome = site.publisher.run(order)

    site.workspace.faults.clear()
    assert outcome.failure.startswith("refused")
    assert outcome.published["model_version"] == "1"
    assert "version 1 is READY; the alias `champion` was not set" in outcome.log


@pytest.mark.parametrize(
    ("left", "becomes"),
    [
        ({"workflow_run": "7", "age": 60.0, "status": "FAILED"}, "FAILED"),
        ({"workflow_run": "42", "age": 60.0, "status": "RUNNING"}, "KILLED"),
        ({"workflow_run": "7", "age": 7 * 24 * 3600.0, "status": "RUNNING"}, "KILLED"),
    ],
    ids=["its run failed", "earlier attempt of the workflow run", "longer ago than any job lasts"],
)
def test_what_a_dead_job_left_is_removed(site: Site, left: dict[str, Any], becomes: str) -> None:
    order = site.order(next(names), attempt="2", runner="runner 2")
    run = site.leave(order.name, **left)

    outcome = site.publisher.run(order)

    state = site.state(order.name)
    assert (outcome.failure, state.problem(order, outcome)) == ("", "")
    assert state.versions == {"2": "READY"}
    assert state.runs[run] == becomes


def test_what_a_living_job_is_making_is_left_alone(site: Site) -> None:
    order = site.order(next(names))
    run = site.leave(order.name, workflow_run="7")
    searches = sum("runs/search" in call.path for call in site.workspace.calls)

    site.publisher.start(order)
    # Two are for what is dead, the others for whether it still lives: it is waited for.
    site.wait_for("runs/search", searches + 3)
    waiting = site.state(order.name)
    site.ask("POST", "runs/update", run_id=run, status="FAILED")
    outcome = site.publisher.outcome()

    assert outcome.failure == ""
    assert waiting.versions == {"1": "PENDING_REGISTRATION", "2": "READY"}
    assert waiting.runs[run] == "RUNNING"
    assert outcome.published["model_version"] == "2"
    assert site.state(order.name).is_complete
    assert site.state(order.name).aliases == {"champion": "2"}


@pytest.mark.parametrize("aliases", [{}, {"mine": "2"}])
def test_a_version_that_somebody_uses_already_does_not_give_way(
    site: Site, aliases: dict[str, str]
) -> None:
    order = site.order(next(names))
    run = site.leave(order.name, workflow_run="7")
    searches = sum("runs/search" in call.path for call in site.workspace.calls)

    site.publisher.start(order)
    site.wait_for("runs/search", searches + 3)
    for alias, version in aliases.items():
        site.ask(
            "POST",
            "unity-catalog/registered-models/alias",
            name=order.full_name,
            alias=alias,
            version=version,
        )
    finish(site, order, "1")
    site.ask("POST", "runs/update", run_id=run, status="FINISHED")
    outcome = site.publisher.outcome()

    state = site.state(order.name)
    stays = "2" if aliases else "1"
    assert outcome.failure == ""
    assert outcome.published["model_version"] == stays
    assert outcome.published["reused"] == (not aliases)
    assert state.ready == (["1", "2"] if aliases else ["1"])
    assert state.aliases == {**aliases, "champion": stays}
    assert "another job registered" in outcome.log


def finish(site: Site, order: Order, version: str) -> None:
    """Finish a version that was left half made."""
    path = f"{order.full_name.replace('.', '/')}/{version}/MLmodel"
    requests.put(
        f"{site.workspace.host}/api/2.0/fs/files/Models/{path}",
        b"signature: {inputs: '[]', outputs: '[]'}",
        headers={"Authorization": f"Bearer {site.workspace.token}"},
        timeout=60,
    ).raise_for_status()
    site.ask("POST", "unity-catalog/model-versions/finalize", name=order.full_name, version=version)


def test_a_job_that_died_before_it_could_give_way_is_tidied_up_after(site: Site) -> None:
    name = next(names)
    site.requests_of(site.order(name))
    dead = site.order(name, once=False, workflow_run="2")
    site.workspace.faults.add(Fault(path="runs/update", delay=0.3, reset="before"))
    updates = sum("runs/update" in call.path for call in site.workspace.calls)
    job = site.publisher.start(dead)
    site.wait_for("runs/update", updates + 1)
    os.kill(job, signal.SIGKILL)
    site.publisher.outcome()
    left = site.state(name)

    order = site.order(name, workflow_run="2")
    outcome = site.publisher.run(order)

    state = site.state(name)
    assert (left.ready, list(left.runs.values()).count("RUNNING")) == (["1", "2"], 1)
    assert (outcome.failure, state.problem(order, outcome)) == ("", "")
    assert (state.ready, outcome.published["reused"]) == (["1"], True)
