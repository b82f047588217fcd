"""Whether resources are there: the real SDK asks a stand-in of a workspace."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

from doubles.databricks import Fault, Workspace
from entrypoint.resources.check import existence_lookup
from entrypoint.resources.check.existence import ExistenceAnswer
from entrypoint.resources.kinds import KINDS

NAMES = {
    "app": "support-app",
    "function": "prod.agents.lookup",
    "genie_space": "0123456789abcdef0123456789abcdef",
    "lakebase": "memory",
    "serving_endpoint": "databricks-claude-sonnet-4",
    "sql_warehouse": "0123456789abcdef",
    "table": "prod.agents.tickets",
    "uc_connection": "jira",
    "uc_model_service": "prod.agents.model",
    "vector_search_index": "prod.agents.docs_index",
    "mcp_service": "system.ai.slack",
    "lakebase_project": "projects/shop/branches/main/endpoints/primary",
    "volume": "prod.docs.files",
}

# A job that looks resources up until a signal ends it, as the program does.
JOB = """
import signal, sys
from databricks.sdk import WorkspaceClient
from entrypoint.runtime.errors import Cancelled
from entrypoint.resources.check import existence_lookup

def cancel(number, frame):
    raise Cancelled(number)

signal.signal(signal.SIGTERM, cancel)
try:
    existence_lookup.look_up(WorkspaceClient(), [("app", f"app-{number}") for number in range(40)])
except Cancelled as cancelled:
    sys.exit(128 + cancelled.signal_number)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as workspace:
        yield workspace


def client(workspace: Workspace, token: str = "", retry_for: int = 30) -> WorkspaceClient:
    """A client that asks again for some seconds."""
    return WorkspaceClient(
        config=Config(
            host=workspace.host, token=token or workspace.token, retry_timeout_seconds=retry_for
        )
    )


def ask(workspace: Workspace, kind: str, name: str) -> ExistenceAnswer:
    answers = existence_lookup.look_up(client(workspace), [(kind, name)])
    assert workspace.violations == []
    return answers[kind, name]


def asked(workspace: Workspace) -> Counter[str]:
    """How often each resource was asked for."""
    return Counter(call.path for call in workspace.calls if "/.well-known/" not in call.path)


def test_every_kind_is_known_here() -> None:
    assert NAMES.keys() == {name for name, kind in KINDS.items() if kind.look_up}


@pytest.mark.parametrize(("kind", "name"), NAMES.items())
def test_what_is_there_is_found(workspace: Workspace, kind: str, name: str) -> None:
    workspace.resources.add(kind, name)

    assert ask(workspace, kind, name).existence == "found"


@pytest.mark.parametrize(
    ("kind", "name"), [item for item in NAMES.items() if item[0] != "genie_space"]
)
def test_what_is_not_there_is_not_found(workspace: Workspace, kind: str, name: str) -> None:
    answer = ask(workspace, kind, name)

    assert answer.existence == "not found"
    assert name in answer.why


@pytest.mark.parametrize(("kind", "name"), NAMES.items())
def test_what_may_not_be_seen_can_be_there(workspace: Workspace, kind: str, name: str) -> None:
    workspace.resources.add(kind, name)
    workspace.resources.deny(kind, name)

    answer = ask(workspace, kind, name)

    assert answer.existence == "can't tell"
    # The workspace's own words, without the configuration that the SDK adds to them.
    assert answer.why.endswith(f"'{name}'.")


@pytest.mark.parametrize("name", ["projects/shop", "projects/shop/branches/main"])
def test_a_lakebase_project_and_its_branch_are_found(workspace: Workspace, name: str) -> None:
    workspace.resources.add("lakebase_project", name)

    assert ask(workspace, "lakebase_project", name).existence == "found"


@pytest.mark.parametrize("name", ["projects/../roles", "projects/shop/roles/x", "shop"])
def test_another_path_is_not_asked_for(workspace: Workspace, name: str) -> None:
    assert ask(workspace, "lakebase_project", name).existence == "can't tell"
    assert not any(path.startswith("/api/2.0/postgres") for path in asked(workspace))


def test_a_genie_space_that_is_not_there_looks_forbidden(workspace: Workspace) -> None:
    assert ask(workspace, "genie_space", NAMES["genie_space"]).existence == "can't tell"


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("sql_warehouse", "Shared Warehouse", "Shared Warehouse is not a valid endpoint id."),
        ("vector_search_index", "docs", "Must specify the full index name"),
    ],
)
def test_nothing_has_a_malformed_name(workspace: Workspace, kind: str, name: str, why: str) -> None:
    answer = ask(workspace, kind, name)

    assert answer.existence == "not found"
    assert why in answer.why


def test_a_workspace_without_the_api_says_nothing_of_the_resource(workspace: Workspace) -> None:
    workspace.faults.add(
        Fault(
            path="/database/",
            status=404,
            body={"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found"},
        )
    )

    assert ask(workspace, "lakebase", "memory") == ExistenceAnswer("can't tell", "No API found")


def test_a_token_that_is_no_good_tells_nothing(workspace: Workspace) -> None:
    workspace.resources.add("app", "support")
    expired = client(workspace, workspace.login.token("somebody@example.com", lifetime=0))

    answers = existence_lookup.look_up(expired, [("app", "support")])

    assert answers == {("app", "support"): ExistenceAnswer("can't tell", "Invalid access token.")}


def test_a_login_that_fails_tells_nothing(workspace: Workspace) -> None:
    wrong = WorkspaceClient(host=workspace.host, client_id="nobody", client_secret="wrong")

    answer = existence_lookup.look_up(wrong, [("app", "support")])["app", "support"]

    assert answer.existence == "can't tell"
    assert answer.why == "invalid_client: Client authentication failed"


def test_one_service_that_is_broken_does_not_spoil_the_rest(workspace: Workspace) -> None:
    workspace.resources.add("app", "support")
    workspace.faults.add(
        Fault(path="/sql/", status=500, body={"error_code": "INTERNAL_ERROR", "message": "oh"})
    )

    answers = existence_lookup.look_up(
        client(workspace), [("sql_warehouse", NAMES["sql_warehouse"]), ("app", "support")]
    )

    assert list(answers.values()) == [
        ExistenceAnswer("unreachable", "oh"),
        ExistenceAnswer("found"),
    ]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path="/apps/", status=429, headers={"Retry-After": "0"}),
        Fault(path="/apps/", status=503, headers={"Retry-After": "0"}),
        Fault(path="/apps/", reset="before"),
        Fault(path="/apps/", reset="after"),
    ],
)
def test_what_passes_is_asked_again(workspace: Workspace, fault: Fault) -> None:
    workspace.resources.add("app", "support")
    workspace.faults.add(fault)

    assert ask(workspace, "app", "support") == ExistenceAnswer("found")
    assert workspace.faults.waiting == ()
    assert asked(workspace) == {"/api/2.0/apps/support": 2}


def test_a_workspace_that_is_gone_is_not_asked_for_everything(workspace: Workspace) -> None:
    impatient = client(workspace, retry_for=1)
    workspace.faults.add(Fault(path="/apps/", reset="before", times=1000))

    answers = existence_lookup.look_up(
        impatient, [("app", f"app-{number}") for number in range(40)]
    )

    assert {answer.existence for answer in answers.values()} == {"unreachable"}
    assert len(answers) == 40
    assert 0 < len(asked(workspace)) <= 8
    assert "Timed out after" in next(iter(answers.values())).why


def test_each_is_asked_once_and_eight_at_a_time(workspace: Workspace) -> None:
    names = [f"app-{number}" for number in range(40)]
    workspace.resources.add("app", *names[:20])
    workspace.latency = 0.05

    answers = existence_lookup.look_up(
        client(workspace), [("app", name) for name in [*names, *names]]
    )

    assert [answer.existence for answer in answers.values()] == ["found"] * 20 + ["not found"] * 20
    assert asked(workspace) == {f"/api/2.0/apps/{name}": 1 for name in names}
    assert 1 < workspace.most_at_once <= 8
    assert workspace.violations == []


def test_nothing_to_ask_asks_nothing(workspace: Workspace) -> None:
    assert existence_lookup.look_up(client(workspace), []) == {}
    assert not asked(workspace)


def test_a_cancelled_job_does_not_wait_for_answers(workspace: Workspace) -> None:
    workspace.faults.add(Fault(path="/apps/", delay=600, times=1000))
    job = subprocess.Popen([sys.executable, "-c", JOB], env=workspace.env)
    while asked(workspace).total() < 8:
        assert job.poll() is None
        time.sleep(0.05)

    job.send_signal(signal.SIGTERM)

    assert job.wait(timeout=60) == 128 + signal.SIGTERM
    assert asked(workspace).total() == 8


SPACE = NAMES["genie_space"]
WAREHOUSE = ("sql_warehouse", "0123456789abcdef")
GTE = {"name": "text", "embedding_model_endpoint_name": "gte"}


def answers_of(workspace: Workspace, kind: str, name: str) -> dict[tuple[str, str], str]:
    """What was asked for, beginning with one resource, and whether it is there."""
    answers = existence_lookup.look_up(client(workspace), [(kind, name)])
    assert workspace.violations == []
    return {each: answer.existence for each, answer in answers.items()}


@pytest.mark.parametrize(
    ("spec", "endpoint"),
    [
        ({"delta_sync_index_spec": {"embedding_source_columns": [GTE]}}, "gte"),
        (
            {
                "delta_sync_index_spec": {
                    "embedding_source_columns": [{**GTE, "model_endpoint_name_for_query": "fast"}]
                }
            },
            "fast",
        ),
        (
            {
                "delta_sync_index_spec": None,
                "direct_access_index_spec": {"embedding_source_columns": [GTE]},
            },
            "gte",
        ),
    ],
)
def test_an_index_names_what_embeds_its_queries(
    workspace: Workspace, spec: dict[str, object], endpoint: str
) -> None:
    workspace.resources.add("vector_search_index", "c.s.docs", **spec)

    assert ask(workspace, "vector_search_index", "c.s.docs").dependencies == (
        ("serving_endpoint", endpoint),
    )


def test_an_index_with_vectors_of_its_own_needs_no_endpoint(workspace: Workspace) -> None:
    workspace.resources.add("vector_search_index", "c.s.docs")

    assert ask(workspace, "vector_search_index", "c.s.docs").dependencies == ()


def test_a_genie_space_names_what_is_in_it_to_who_may_edit_it(workspace: Workspace) -> None:
    content = {
        "data_sources": {"tables": [{"identifier": "c.s.sales"}]},
        "instructions": {"sql_functions": [{"identifier": "c.s.margin"}]},
    }
    workspace.resources.add("genie_space", SPACE, serialized_space=json.dumps(content))
    workspace.resources.add(
        "function",
        "c.s.margin",
        routine_dependencies={
            "dependencies": [
                {"table": {"table_full_name": "c.s.costs"}},
                {"connection": {"connection_name": "erp"}},
            ]
        },
    )

    assert answers_of(workspace, "genie_space", SPACE) == {
        ("genie_space", SPACE): "found",
        WAREHOUSE: "not found",
        ("table", "c.s.sales"): "not found",
        ("function", "c.s.margin"): "found",
        ("table", "c.s.costs"): "not found",
        ("uc_connection", "erp"): "not found",
    }


@pytest.mark.parametrize(
    "content",
    ["{", "[" * 100_000, "[]", '{"data_sources": {"tables": [1, {"identifier": "../x"}]}}'],
)
def test_a_space_that_makes_no_sense_names_its_warehouse(
    workspace: Workspace, content: str
) -> None:
    workspace.resources.add("genie_space", SPACE, serialized_space=content)

    assert ask(workspace, "genie_space", SPACE).dependencies == (WAREHOUSE,)


def test_a_space_that_may_only_be_viewed_names_its_warehouse(workspace: Workspace) -> None:
    workspace.resources.add("genie_space", SPACE)

    assert ask(workspace, "genie_space", SPACE).dependencies == (WAREHOUSE,)


def test_a_schema_names_its_functions_on_all_pages(workspace: Workspace) -> None:
    names = [f"c.s.f{number}" for number in range(5)]
    workspace.resources.add("function", *names)

    answers = answers_of(workspace, "function", "c.s.*")

    assert answers == dict.fromkeys((("function", name) for name in ["c.s.*", *names]), "found")


def test_a_schema_that_may_not_be_read_tells_nothing(workspace: Workspace) -> None:
    workspace.resources.deny("function", "c.s.*")

    assert ask(workspace, "function", "c.s.*").existence == "can't tell"


def test_no_more_than_a_hundred_are_looked_up_besides(workspace: Workspace) -> None:
    workspace.resources.add("function", *(f"c.s.f{number}" for number in range(120)))

    assert len(answers_of(workspace, "function", "c.s.*")) == 101
