"""What goes wrong while the whole program runs, from the login to the alias.

`test_faults.py` has every request of publishing; here is a dozen of positions from all of the job.
A job that gets over a kind of fault meets it at all of them; where it doesn't, or waits long, one
position stands for those that the same code handles.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue

import pytest

from doubles.databricks import Fault, Workspace
from doubles.runner import Runner, Step
from tests.integration.conftest import Checkout
from tests.integration.site import State, View, workspaces

pytestmark = pytest.mark.exhaustive

PRINCIPAL = "11111111-2222-4333-8444-555555555555"
ENDPOINT = "databricks-claude-sonnet-4"
RESOURCES = f"""\
api_version: "1"
databricks:
  serving_endpoint:
    - name: {ENDPOINT}
"""
DESKS = 4
# More requests than any job makes.
MANY = 200
QUICK = {
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
OUTCOMES = {
    "✓": "went well at once",
    "o": "failed and left nothing",
    "r": "was repaired by the re-run",
}
# What came of a kind of fault at a position.
Cells = dict[tuple[str, str], str]
names = map("case_{}".format, count())


@dataclass(frozen=True)
class Position:
    """A request of the job, and for how many seconds the job waits for its answer."""

    verb: str
    path: str
    patience: float

    def is_met(self, workspace: Workspace, before: int) -> bool:
        """Whether it is among the requests after the first so many."""
        fits = Fault(self.verb, self.path).fits
        return any(fits(0, call.verb, call.path) for call in workspace.calls[before:])


POSITIONS = {
    "login: GitHub's identity token": Position("GET", "/github-oidc/token", 30),
    "login: where tokens are made": Position("GET", "/oidc/.well-known/", 10),
    "login: the workspace's token": Position("POST", "/oidc/v1/token", 30),
    "login: who we are": Position("GET", "/scim/v2/Me", 10),
    "preflight: the model": Position("GET", "/unity-catalog/models/", 10),
    "preflight: privileges": Position("GET", "/effective-permissions/", 10),
    "resources: an endpoint": Position("GET", "/serving-endpoints/", 10),
    "find: logged models": Position("POST", "/logged-models/search", 10),
    "publish: the run": Position("POST", "/runs/create", 10),
    "publish: a file": Position("PUT", "/LoggedModels/", 60),
    "publish: the version": Position("POST", "/model-versions/create", 10),
    "publish: the version's end": Position("POST", "/model-versions/finalize", 10),
    "publish: the alias": Position("POST", "/registered-models/alias", 10),
}

# What the job does without if it must.
BEST_EFFORT = ("preflight: the model", "preflight: privileges", "resources: an endpoint")


def answered(status: int, code: str, *, times: int = 1) -> Fault:
    body = {"error_code": code, "message": "Something went wrong."}
    headers = {"Retry-After": "1"} if status == 429 else {}
    return Fault(status=status, body=body, headers=headers, times=times)


KINDS = {
    "429": answered(429, "REQUEST_LIMIT_EXCEEDED"),
    "500": answered(500, "INTERNAL_ERROR"),
    "503": answered(503, "TEMPORARILY_UNAVAILABLE"),
    "reset before": Fault(reset="before"),
    "reset after": Fault(reset="after"),
    "hang": Fault(delay=1),
    "unreadable": Fault(garbled="html"),
    "401": Fault(revoked=True),
    "outage": answered(500, "INTERNAL_ERROR", times=MANY),
}


def positions_of(kind: str) -> list[list[str]]:
    """The positions that each job of a kind meets: all at once, if it gets over them."""
    if kind == "outage":
        # Each of them ends the job, but for those that it does without.
        stops = ("login: the workspace's token", "publish: the run", "publish: the alias")
        return [*([each] for each in stops), list(BEST_EFFORT)]
    if kind == "hang":
        quick = [name for name, position in POSITIONS.items() if position.patience < 30]
        return [["login: the workspace's token"], quick]
    if kind == "unreadable":
        # It isn't asked once the question before it has no answer.
        alone = "preflight: privileges"
        return [[each for each in POSITIONS if each != alone], [alone]]
    if kind == "401":
        # A token that is refused at once is a wrong one; so is a second one, in making a version.
        end = "publish: the version's end"
        return [[p for p in POSITIONS if p != end and not p.startswith("login: ")], [end]]
    return [list(POSITIONS)]


@dataclass
class Desk(View):
    """Where jobs run, one after the other: a checkout, with a workspace of its own."""

    workspace: Workspace
    checkout: Checkout

    def run(self, name: str) -> Step:
        inputs = self.checkout.inputs(
            tracking_uri="",
            uc_target=f"prod.agents.{name}",
            experiment=f"/Shared/{name}",
            aliases="champion",
            verify="off",
        )
        return self.checkout.runner.run(inputs)

    def wait_for_answers(self, before: int) -> None:
        """Wait until all requests after the first so many have been acted upon."""
        while not all(call.status for call in self.workspace.calls[before:]):
            time.sleep(0.05)

    def faulted(self, kind: str, positions: Sequence[str]) -> str:
        """Run a job that something happens to and, if it fails, another: what came of it."""
        name, before = next(names), len(self.workspace.calls)
        # That it is there already lets the job look for what was published there.
        self.ask("POST", "experiments/create", name=f"/Shared/{name}")
        for each in positions:
            at = POSITIONS[each]
            fault = replace(KINDS[kind], verb=at.verb, path=at.path)
            if fault.delay:
                fault = replace(fault, delay=at.patience + fault.delay)
            self.workspace.faults.add(fault)
        step = self.run(name)
        self.workspace.faults.clear()
        if kind == "hang":
            self.wait_for_answers(before)
        state = self.state(name)
        missed = [p for p in positions if not POSITIONS[p].is_met(self.workspace, before)]
        if missed or len(state.ready) > 1 or "Traceback" in step.log:
            return f"missed {missed}, {state}\n{step.log}"
        if step.status == 0:
            return "✓" if state.is_complete else f"{state}\n{step.log}"
        if len(step.commands("error")) != 1:
            return f"no error\n{step.log}"
        if state == State():
            return "o"
        again = self.run(name)
        state = self.state(name)
        return "r" if again.status == 0 and state.is_complete else f"{state}\n{again.log}"


@pytest.fixture(scope="module")
def desks(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Desk]]:
    folder = tmp_path_factory.mktemp("workspaces")
    with workspaces(folder, DESKS, PRINCIPAL) as found:
        made = []
        for number, databricks in enumerate(found):
            databricks.oauth.trust(PRINCIPAL)
            databricks.resources.add("serving_endpoint", ENDPOINT)
            env = {**databricks.github_oidc(PRINCIPAL), **QUICK}
            runner = Runner(workspace, folder / f"runner_temp_{number}", env)
            checkout = Checkout(runner, f"desk_{number}")
            checkout.write("resources.yml", RESOURCES)
            made.append(Desk(databricks, checkout))
        made[0].run(next(names))  # makes the agent's environment
        yield made


@pytest.fixture(scope="module")
def jobs(desks: list[Desk]) -> Iterator[dict[str, list["Future[Cells]"]]]:
    """The jobs of every kind, under way at once: most of the time they wait."""
    free: SimpleQueue[Desk] = SimpleQueue()
    for desk in desks:
        free.put(desk)

    def run(kind: str, positions: Sequence[str]) -> Cells:
        desk = free.get()
        try:
            said = desk.faulted(kind, positions)
        finally:
            free.put(desk)
        return {(kind, each): said for each in positions}

    with ThreadPoolExecutor(len(desks)) as pool:
        yield {
            kind: [pool.submit(run, kind, positions) for positions in positions_of(kind)]
            for kind in KINDS
        }


@pytest.mark.parametrize("kind", KINDS)
def test_faults(jobs: dict[str, list["Future[Cells]"]], kind: str) -> None:
    cells = [cell for job in jobs[kind] for cell in job.result().values()]

    assert [cell for cell in cells if cell not in OUTCOMES] == []


def test_the_table(
    jobs: dict[str, list["Future[Cells]"]], record_property: Callable[[str, object], None]
) -> None:
    """It is shown at the end of the test session."""
    cells: Cells = {}
    for each in jobs.values():
        for job in each:
            cells |= job.result()

    outcomes = ", ".join(f"{cell} {meaning}" for cell, meaning in OUTCOMES.items())
    lines = [f"The whole program: {outcomes}", "  ".join(KINDS)]
    for position in POSITIONS:
        row = (f"{cells.get((kind, position), ''):^{len(kind)}}" for kind in KINDS)
        lines.append(f"{'  '.join(row)}  {position}")
    record_property("table", "\n".join(lines))
    assert set(cells.values()) <= OUTCOMES.keys()
