"""What the stores answer that a job must not call a success."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from math import inf
from pathlib import Path

import pytest

from doubles.databricks import Fault, Workspace
from doubles.databricks.registration import Ending
from doubles.runner import PULL_REQUEST, PUSH_TO_MAIN, Event
from doubles.unity_catalog import create_schema, unity_catalog
from tests.integration.conftest import PRINCIPAL, Checkout
from tests.integration.publisher import Order
from tests.integration.site import Site, View, sites

pytestmark = pytest.mark.exhaustive

FAILED = Ending("FAILED_REGISTRATION", message="The metastore's storage is not reachable.")
NEVER = Ending(looks=inf)
names = map("model_{}".format, count())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that has registered what is promoted."""
    with sites(tmp_path_factory.mktemp("sites"), 1) as made:
        made[0].requests_of(made[0].order("source"))
        yield made[0]


class TestAVersionThatIsNotReady:
    def test_fails_the_job(self, checkout: Checkout, databricks: Workspace) -> None:
        databricks.registry.registrations.ending = FAILED

        step = checkout.case("pending-registration", env=databricks.env)

        (error,) = step.commands("error")
        assert step.status == 1
        assert f"`{checkout.target}` version 1, but the version became FAILED_REGISTRATION" in error
        assert FAILED.message in error
        assert step.summary.startswith(f"## ❌ `{checkout.target}` was not registered")
        assert (step.outputs["model-version"], step.outputs["moved-aliases"]) == ("", "")

        databricks.registry.registrations.ending = Ending()
        again = checkout.case("pending-registration", env=databricks.env)

        assert again.status == 0, again.log
        # Nothing was left: the numbers begin anew with the registered model.
        assert again.outputs["model-version"] == "1"
        assert again.outputs["moved-aliases"] == "champion="

    def test_is_waited_for(self, checkout: Checkout, databricks: Workspace) -> None:
        databricks.registry.registrations.ending = Ending(looks=2)

        step = checkout.case("pending-registration", env=databricks.env)

        assert step.status == 0, step.log
        assert f"waiting for version 1 of `{checkout.target}` to become READY: 0 s" in step.log
        assert step.outputs["moved-aliases"] == "champion="

    def test_is_finalized_in_open_source_unity_catalog(
        self, checkout: Checkout, tmp_path: Path
    ) -> None:
        with unity_catalog(tmp_path) as catalog:
            create_schema(catalog.address, "prod.agents")
            catalog.finalized_as, catalog.looks = "FAILED_REGISTRATION", 1
            stores = {"tracking-uri": "embedded", "registry-uri": f"uc:{catalog.address}"}

            step = checkout.case("pending-registration", stores)

            catalog.finalized_as, catalog.looks = "READY", 1
            again = checkout.case("pending-registration", stores)
            writes, violations = catalog.writes, catalog.violations

        assert "the version became FAILED_REGISTRATION" in "\n".join(step.commands("error"))
        assert (step.status, step.outputs["model-version"]) == (1, "")
        assert any(write.startswith("DELETE /api/2.1/unity-catalog/models/") for write in writes)
        assert (again.status, again.outputs["model-version"]) == (0, "1")
        assert violations == []


@pytest.mark.parametrize("kind", ["published", "promoted"])
class TestAnotherEnding:
    def order(self, site: Site, kind: str) -> Order:
        source = "models:/prod.agents.source/1" if kind == "promoted" else ""
        return site.order(next(names), source=source, patience=1)

    @pytest.mark.parametrize(
        ("ending", "what"),
        [
            (FAILED, "the version became FAILED_REGISTRATION"),
            (Ending(FAILED.status, looks=2), "the version became FAILED_REGISTRATION"),
            (NEVER, "the version is still PENDING_REGISTRATION after 1 seconds"),
        ],
        ids=["failed", "failed_late", "never"],
    )
    def test_leaves_nothing_and_is_made_good_by_the_next_job(
        self, site: Site, kind: str, ending: Ending, what: str
    ) -> None:
        order = self.order(site, kind)
        site.workspace.registry.registrations.ending = ending

        outcome = site.publisher.run(order)

        left = site.state(order.name)
        assert what in outcome.failure
        assert outcome.published["model_version"] == ""
        assert (left.versions, left.aliases, left.half_made) == ({}, {}, [])

        site.workspace.registry.registrations.ending = Ending()
        outcome = site.publisher.run(order)

        assert outcome.failure == ""
        assert site.state(order.name).is_complete

    def test_what_becomes_ready_gets_the_alias(self, site: Site, kind: str) -> None:
        order = self.order(site, kind)
        site.workspace.registry.registrations.ending = Ending(looks=2)

        outcome = site.publisher.run(order)

        site.workspace.registry.registrations.ending = Ending()
        assert outcome.failure == ""
        assert site.state(order.name).is_complete


class TestALoginThatRanOut:
    """The token is revoked in the middle of the job, and a token of the step is all there is."""

    @pytest.mark.parametrize("at", ["runs/create", "Models/"])
    def test_is_why_an_agent_is_not_registered(
        self, checkout: Checkout, databricks: Workspace, at: str
    ) -> None:
        databricks.faults.add(Fault(path=at, revoked=True))

        step = checkout.case("pending-registration", env=databricks.env)

        (error,) = step.commands("error")
        assert step.status == 1
        assert error.startswith(
            "::error::The login at Databricks ran out: `DATABRICKS_TOKEN` ended"
        )
        assert "DATABRICKS_AUTH_TYPE: github-oidc" in error

    @pytest.mark.parametrize("event", [PUSH_TO_MAIN, PULL_REQUEST], ids=["push", "pull_request"])
    def test_says_why_it_can_t_be_renewed(
        self, checkout: Checkout, databricks: Workspace, event: Event
    ) -> None:
        databricks.oauth.lifetime = 4
        login = {
            "DATABRICKS_HOST": databricks.host,
            "DATABRICKS_CLIENT_ID": PRINCIPAL,
            "DATABRICKS_CLIENT_SECRET": databricks.oauth.secret(PRINCIPAL),
        }
        gone = {"error": "invalid_client", "error_description": "no such secret"}
        # However fast the job is: what it asks first of the registry is refused once.
        databricks.faults.add(Fault(path="model-versions/search", revoked=True))

        with ThreadPoolExecutor() as pool:
            job = pool.submit(checkout.case, "pending-registration", event=event, env=login)
            View(databricks).wait_for("/scim/v2/Me")
            databricks.faults.add(Fault(path="/oidc/v1/token", status=401, body=gone, times=1000))
            step = job.result()

        why = "The login at Databricks ran out, and can't be renewed: Databricks does not take"
        if event is PUSH_TO_MAIN:
            assert step.status == 1
            assert why in "".join(step.commands("error"))
            assert "no such secret" in "".join(step.commands("error"))
        else:
            assert step.status == 0, step.log
            assert why in step.result["comparison"]["not_compared"]

    def test_is_why_a_preview_is_not_compared(
        self, checkout: Checkout, databricks: Workspace
    ) -> None:
        databricks.faults.add(Fault(path="model-versions/search", revoked=True))

        step = checkout.case("pending-registration", event=PULL_REQUEST, env=databricks.env)

        assert step.status == 0, step.log
        assert (
            "Not compared with what is registered: The login at Databricks ran out" in step.summary
        )
