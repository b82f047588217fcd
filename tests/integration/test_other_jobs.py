"""Jobs beside and after each other: the living are waited for, what the dead left is removed."""

import os
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from doubles.databricks import USER, Fault, Workspace
from doubles.github import GitHub
from doubles.runner import Runner, Step
from tests.integration.conftest import Checkout
from tests.integration.publisher import Order, Outcome, Publisher
from tests.integration.site import Site, View, sites

pytestmark = pytest.mark.exhaustive

names = map("beside_{}".format, count())
OTHER_DIGEST = "1" * 64
PAGE = "https://github.com/acme/agents/actions/runs/7"
# The program on a machine whose clock is not right.
WRONG_CLOCK = """
import runpy, time

right = time.time
time.time = lambda: right() + {seconds}
runpy.run_module("entrypoint", run_name="__main__", alter_sys=True)
"""
HOUR = 3600


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sites(tmp_path_factory.mktemp("sites"), 1) as (made,):
        made.requests_of(made.order("source"))
        yield made


def beside(site: Site, first: Order, second: Order, search: str) -> list[Outcome]:
    """Let the first job stand still in the middle of its version while the second looks for it."""
    files = f"/Models/prod/agents/{first.name}"
    site.workspace.faults.add(Fault(path=f"{files}/1/", delay=0.5))
    with Publisher(site.environ) as other:
        job = site.publisher.start(first)
        site.wait_for(f"{files}/1/")
        os.kill(job, signal.SIGSTOP)
        other.start(second)
        site.wait_for(f"{files}/2/")
        site.wait_for(search, sum(search in call.path for call in site.workspace.calls) + 3)
        os.kill(job, signal.SIGCONT)
        return [site.publisher.outcome(), other.outcome()]


def test_a_job_waits_for_another_one_and_takes_its_version(site: Site) -> None:
    name = next(names)
    first, second = site.order(name, workflow_run="7"), site.order(name, workflow_run="8")

    outcomes = beside(site, first, second, "/runs/search")

    state = site.state(name)
    assert [outcome.failure for outcome in outcomes] == ["", ""]
    assert [outcome.published["model_version"] for outcome in outcomes] == ["1", "1"]
    assert state.is_complete, state
    said = f"waiting for version 1 of `{first.full_name}`, which another job ({PAGE}) is making"
    assert said in outcomes[1].log
    assert "which this job made, was deleted" in outcomes[1].log


def test_a_promotion_waits_for_another_one_and_takes_its_version(site: Site) -> None:
    name, source = next(names), "models:/prod.agents.source/1"
    first, second = (site.order(name, source=source, workflow_run=run) for run in "78")

    outcomes = beside(site, first, second, "/model-versions/search")

    assert [outcome.failure for outcome in outcomes] == ["", ""]
    assert [outcome.published["model_version"] for outcome in outcomes] == ["1", "1"]
    assert site.state(name).versions == {"1": "READY"}
    assert f"which another job ({PAGE}) is making" in outcomes[1].log


def test_the_jobs_of_a_matrix_live_beside_each_other(site: Site) -> None:
    name = next(names)
    first, second = (site.order(name, runner=runner) for runner in ("runner 1", "runner 2"))

    outcomes = beside(site, first, second, "/runs/search")

    assert [outcome.failure for outcome in outcomes] == ["", ""]
    assert site.state(name).is_complete


def test_who_waits_in_vain_gives_way(site: Site) -> None:
    order = site.order(next(names), patience=1.0)
    run = site.leave(order.name, workflow_run="7")

    outcome = site.publisher.run(order)

    state = site.state(order.name)
    assert outcome.failure.startswith(
        f"refused: This job gave way: version 1 of `{order.full_name}`, which another job ({PAGE})"
        " is making, was not complete after 1 seconds"
    )
    assert f"    MlflowClient().set_terminated('{run}', 'KILLED')" in outcome.failure
    assert state.versions == {"1": "PENDING_REGISTRATION"}
    assert state.runs[run] == "RUNNING"
    assert sorted(state.runs.values()) == ["FAILED", "RUNNING"]
    assert state.aliases == {}
    assert outcome.published["model_version"] == ""


@pytest.mark.parametrize("attempt", ["1", "2"])
def test_a_promotion_deletes_the_version_of_no_living_job(site: Site, attempt: str) -> None:
    """One that an earlier attempt of the same workflow run began has been given up."""
    order = site.order(
        next(names),
        source="models:/prod.agents.source/1",
        attempt=attempt,
        runner="runner 2",
        patience=1.0,
    )
    source = site.ask(
        "GET", "unity-catalog/model-versions/get", name="prod.agents.source", version="1"
    )["model_version"]
    site.ask("POST", "unity-catalog/registered-models/create", name=order.full_name)
    tags = {"promoted_from": order.source, **site.order(order.name).job_tags}
    site.leave_version(order.full_name, order.source, source["run_id"], source["model_id"], tags)

    outcome = site.publisher.run(order)

    versions = site.state(order.name).versions
    if attempt == "1":
        assert outcome.failure.startswith("refused: This job gave way: version 1 of")
        assert f"MlflowClient().delete_model_version('{order.full_name}', '1')" in outcome.failure
        assert outcome.published["model_version"] == ""
        assert "READY" not in outcome.log
        assert versions == {"1": "PENDING_REGISTRATION"}
    else:
        assert outcome.failure == ""
        assert versions == {"2": "READY"}


def test_what_a_dead_job_left_of_another_digest_is_swept(site: Site) -> None:
    order = site.order(next(names), attempt="2")
    dead = site.leave(order.name, workflow_run="42", digest=OTHER_DIGEST)
    living = site.leave(order.name, workflow_run="7", digest=OTHER_DIGEST)

    outcome = site.publisher.run(order)

    state = site.state(order.name)
    assert outcome.failure == ""
    assert state.versions == {"2": "PENDING_REGISTRATION", "3": "READY"}
    assert (state.runs[dead], state.runs[living]) == ("KILLED", "RUNNING")
    models = sorted(status.rpartition("_")[2] for status in state.models.values())
    assert models == ["FAILED", "PENDING", "READY"]
    assert f"run {dead} of another job (" in outcome.log
    assert "what it left half made is gone: version 1, logged model" in outcome.log


@pytest.fixture(scope="module")
def databricks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(tmp_path_factory.mktemp("databricks")) as databricks:
        databricks.catalog.create("prod.agents", USER)
        yield databricks
        assert databricks.violations == []


@pytest.fixture(scope="module")
def jobs(
    databricks: Workspace, workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Checkout:
    runner = Runner(workspace, tmp_path_factory.mktemp("runner") / "temp", databricks.env)
    return Checkout(runner, "other_jobs")


def run(jobs: Checkout, name: str, env: dict[str, str]) -> Step:
    return jobs.run(
        env=env,
        tracking_uri="",
        uc_target=f"prod.agents.{name}",
        experiment=f"/Shared/{name}",
        aliases="champion",
        verify="off",
    )


def test_a_new_workflow_run_asks_github_which_one_has_ended(
    jobs: Checkout, databricks: Workspace
) -> None:
    name, view = next(names), View(databricks)
    killed = view.leave(name, workflow_run="7")
    living = view.leave(name, workflow_run="8")
    with GitHub() as github:
        github.workflow_run(7, "completed")
        github.workflow_run(8)

        step = run(jobs, name, github.env)

    state = view.state(name)
    assert step.status == 0, step.log
    assert (state.runs[killed], state.runs[living]) == ("KILLED", "RUNNING")
    assert state.versions == {"2": "PENDING_REGISTRATION", "3": "READY"}
    assert f"run {killed} of another job ({github.site.repository_page}/actions/runs/7)" in step.log


def test_without_leave_to_ask_github_nobody_is_taken_for_dead(
    jobs: Checkout, databricks: Workspace
) -> None:
    name, view = next(names), View(databricks)
    left = view.leave(name, workflow_run="7")
    with GitHub() as github:
        github.workflow_run(7, "completed")

        step = run(jobs, name, github.env_with(github.tokens.job_with("pull-requests")))

    state = view.state(name)
    assert step.status == 0, step.log
    assert state.runs[left] == "RUNNING"
    assert state.versions == {"1": "PENDING_REGISTRATION", "2": "READY"}
    assert "`github-token` lacks `actions: read`" in step.log


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_job_whose_clock_is_wrong_takes_nobody_for_dead(
    jobs: Checkout, databricks: Workspace, seconds: int
) -> None:
    name, view = next(names), View(databricks)
    living = view.leave(name, workflow_run="7")
    jobs.runner.program = (sys.executable, "-I", "-c", WRONG_CLOCK.format(seconds=seconds))

    step = run(jobs, name, {})

    state = view.state(name)
    assert step.status == 0, step.log
    assert state.runs[living] == "RUNNING"
    assert state.versions == {"1": "PENDING_REGISTRATION", "2": "READY"}
