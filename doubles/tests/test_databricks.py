"""The stand-in of a workspace, asked by Databricks' SDK: what agents and a release ask."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import platform
from databricks.sdk.service.serving import ChatMessage, ChatMessageRole

from doubles.databricks import USER, Fault, Workspace
from doubles.databricks.fault import Garbled

PRINCIPAL = "11111111-2222-4333-8444-555555555555"
MODEL = "prod.agents.support"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as workspace:
        workspace.catalog.create("prod.agents", USER)
        yield workspace


@pytest.fixture
def sdk(workspace: Workspace) -> WorkspaceClient:
    return WorkspaceClient(host=workspace.host, token=workspace.token)


@pytest.mark.parametrize(
    ("verb", "path", "body", "refused"),
    [
        ("GET", "/api/2.0/clusters/list", None, (404, "ENDPOINT_NOT_FOUND")),
        ("DELETE", "/api/2.0/apps/support", None, (405, "METHOD_NOT_ALLOWED")),
        ("GET", "/api/2.0/apps/support?full=true", None, (400, "BAD_REQUEST")),
        ("POST", "/api/2.0/sql/statements", {"sql": "SELECT 1"}, (400, "BAD_REQUEST")),
        ("POST", "/api/2.0/sql/statements", ["SELECT 1"], (400, "MALFORMED_REQUEST")),
        ("POST", "/api/2.0/mlflow/runs/create", {"experiment": "1"}, (400, "MALFORMED_REQUEST")),
        ("GET", "/api/2.0/mlflow/runs/get?id=1", None, (400, "BAD_REQUEST")),
        ("POST", "/api/2.0/mlflow/registered-models/create", {}, (404, "ENDPOINT_NOT_FOUND")),
        (
            "POST",
            "/api/2.0/mlflow/unity-catalog/registered-models/create",
            {"model": MODEL},
            (400, "MALFORMED_REQUEST"),
        ),
    ],
)
def test_a_wrong_request_is_remembered(
    workspace: Workspace, verb: str, path: str, body: Any, refused: tuple[int, str]
) -> None:
    workspace.resources.add("app", "support")

    answer = requests.request(
        verb,
        workspace.host + path,
        json=body,
        headers={"Authorization": f"Bearer {workspace.token}"},
        timeout=60,
    )

    assert (answer.status_code, answer.json()["error_code"]) == refused
    assert len(workspace.violations) == 1
    assert path.partition("?")[0] in workspace.violations[0]


def test_the_nth_request_goes_wrong(workspace: Workspace, sdk: WorkspaceClient) -> None:
    workspace.resources.add("app", "support")
    body = {"error_code": "INTERNAL_ERROR", "message": "oh"}
    workspace.faults.add(Fault(number=3, status=500, body=body))

    sdk.apps.get("support")
    with pytest.raises(platform.InternalError, match="oh"):
        sdk.apps.get("support")
    sdk.apps.get("support")

    assert [call.status for call in workspace.calls] == [200, 200, 500, 200]


def test_a_reset_comes_before_or_after_acting(workspace: Workspace, sdk: WorkspaceClient) -> None:
    workspace.faults.add(
        Fault(verb="PUT", path="x.txt", reset="before"), Fault(path="x.txt", reset="after")
    )
    file = "/WorkspaceInternal/Mlflow/Artifacts/1/x.txt"

    for found in (None, b"hello"):
        with pytest.raises(requests.ConnectionError):
            requests.put(
                f"{workspace.host}/api/2.0/fs/files{file}",
                data=b"hello",
                headers={"Authorization": f"Bearer {workspace.token}"},
                timeout=60,
            )
        assert workspace.files.read(file) == found


def test_a_delay_outlasts_a_client(workspace: Workspace) -> None:
    workspace.faults.add(Fault(path="/apps/", delay=600))

    with pytest.raises(requests.ReadTimeout):
        requests.get(
            f"{workspace.host}/api/2.0/apps/support",
            headers={"Authorization": f"Bearer {workspace.token}"},
            timeout=0.2,
        )


@pytest.mark.parametrize("how", ["truncated", "html", "json", "empty", "encoding"])
def test_an_answer_is_garbled_once_the_double_has_acted(workspace: Workspace, how: Garbled) -> None:
    workspace.faults.add(Fault(path="x.txt", garbled=how), Fault(path="scim", garbled=how))
    file = "/WorkspaceInternal/Mlflow/Artifacts/1/x.txt"
    signed = {"Authorization": f"Bearer {workspace.token}"}

    requests.put(
        f"{workspace.host}/api/2.0/fs/files{file}", data=b"hello", headers=signed, timeout=60
    )
    with pytest.raises(requests.RequestException):
        requests.get(
            f"{workspace.host}/api/2.0/preview/scim/v2/Me", headers=signed, timeout=60
        ).json()

    assert workspace.files.read(file) == b"hello"


def test_a_token_is_revoked_while_it_is_used(workspace: Workspace, sdk: WorkspaceClient) -> None:
    sdk.current_user.me()
    workspace.faults.add(Fault(path="/apps/", revoked=True))

    for ask in (lambda: sdk.apps.get("support"), sdk.current_user.me):
        with pytest.raises(platform.PermissionDenied, match="Invalid access token"):
            ask()


def test_a_serving_endpoint_answers(workspace: Workspace, sdk: WorkspaceClient) -> None:
    workspace.resources.add("serving_endpoint", "claude", "gte")

    chat = sdk.serving_endpoints.query(
        "claude", messages=[ChatMessage(role=ChatMessageRole.USER, content="When?")]
    )
    vectors = sdk.serving_endpoints.query("gte", input=["one", "two"])

    assert chat.choices
    assert chat.choices[0].message
    assert chat.choices[0].message.content == "Nine o'clock."
    assert len(vectors.data or []) == 2
    with pytest.raises(platform.ResourceDoesNotExist):
        sdk.serving_endpoints.query("other", prompt="When?")
    assert workspace.violations == []


@pytest.mark.parametrize(
    ("task", "asked", "told"),
    [
        ("chat/completions", {"messages": [{"role": "user", "content": "When?"}]}, "choices"),
        ("responses", {"input": "When?"}, "output"),
        ("embeddings", {"input": "When?"}, "data"),
    ],
)
def test_an_openai_client_is_answered(
    workspace: Workspace, task: str, asked: dict[str, Any], told: str
) -> None:
    workspace.resources.add("serving_endpoint", "claude")

    def ask(model: str) -> requests.Response:
        return requests.post(
            f"{workspace.host}/serving-endpoints/{task}",
            json={"model": model, **asked},
            headers={"Authorization": f"Bearer {workspace.token}"},
            timeout=60,
        )

    assert ask("claude").json()[told]
    assert ask("other").status_code == 404


def test_an_index_answers(workspace: Workspace, sdk: WorkspaceClient) -> None:
    workspace.resources.add("vector_search_index", "prod.agents.docs")

    found = sdk.vector_search_indexes.query_index(
        "prod.agents.docs", ["id", "text"], query_text="When?", num_results=1
    )

    assert found.result
    assert found.result.data_array == [["1", "The office opens at nine.", 0.9]]


def test_a_warehouse_answers(workspace: Workspace, sdk: WorkspaceClient) -> None:
    workspace.resources.add("sql_warehouse", "0123456789abcdef")

    done = sdk.statement_execution.execute_statement("SELECT 1", "0123456789abcdef")

    assert done.statement_id
    assert sdk.statement_execution.get_statement(done.statement_id) == done


def test_a_genie_space_answers(workspace: Workspace, sdk: WorkspaceClient) -> None:
    space = "0123456789abcdef0123456789abcdef"
    workspace.resources.add("genie_space", space)

    message = sdk.genie.start_conversation_and_wait(space, "When?")

    assert message.attachments
    assert message.attachments[0].text
    assert message.attachments[0].text.content == "Nine o'clock."


def test_what_is_in_a_genie_space_is_for_who_may_edit_it(
    workspace: Workspace, sdk: WorkspaceClient
) -> None:
    workspace.resources.add("genie_space", "viewed")
    workspace.resources.add("genie_space", "edited", serialized_space="{}")

    assert sdk.genie.get_space("edited", include_serialized_space=True).serialized_space == "{}"
    assert sdk.genie.get_space("edited").serialized_space is None
    with pytest.raises(platform.PermissionDenied):
        sdk.genie.get_space("viewed", include_serialized_space=True)


def test_functions_are_listed_by_the_page(workspace: Workspace, sdk: WorkspaceClient) -> None:
    workspace.resources.add("function", "c.s.one", "c.s.three", "c.s.two", "c.other.f")

    assert [each.name for each in sdk.functions.list("c", "s")] == ["one", "three", "two"]


def test_files_go_up_and_down(workspace: Workspace, sdk: WorkspaceClient) -> None:
    folder = "/WorkspaceInternal/Mlflow/Artifacts/1/Runs/2"
    sdk.files.upload(f"{folder}/a/ü.txt", io.BytesIO(b"hello"))

    with pytest.raises(platform.AlreadyExists):
        sdk.files.upload(f"{folder}/a/ü.txt", io.BytesIO(b"again"))
    down = sdk.files.download(f"{folder}/a/ü.txt").contents

    assert down
    assert down.read() == b"hello"
    assert [entry.path for entry in sdk.files.list_directory_contents(folder)] == [f"{folder}/a"]
    with pytest.raises(platform.NotFound):
        sdk.files.get_directory_metadata(f"{folder}/b")
    assert workspace.violations == []


def test_a_signed_address_is_for_one_file_and_some_time(
    workspace: Workspace, sdk: WorkspaceClient
) -> None:
    file = "/WorkspaceInternal/Mlflow/Artifacts/1/x.txt"
    sdk.files.upload(file, io.BytesIO(b"hello"))

    def sign() -> str:
        signed = sdk.api_client.do("POST", "/api/2.0/fs/create-download-url", body={"path": file})
        assert isinstance(signed, dict)
        return str(signed["url"])

    address = sign()
    workspace.signed.lifetime = -1.0
    token = {"Authorization": f"Bearer {workspace.token}"}

    assert requests.get(address, timeout=60).content == b"hello"
    assert requests.put(address, b"other", timeout=60).status_code == 403
    # A client that sends its token there gives it away.
    assert requests.get(address, headers=token, timeout=60).status_code == 400
    assert "Request has expired" in requests.get(sign(), timeout=60).text
    assert workspace.files.read(file) == b"hello"


def test_large_files_go_up_in_parts(workspace: Workspace) -> None:
    config = Config(host=workspace.host, token=workspace.token)
    config.files_ext_multipart_upload_min_stream_size = 10
    config.files_ext_multipart_upload_default_part_size = 7
    sdk = WorkspaceClient(config=config)
    file = "/WorkspaceInternal/Mlflow/Artifacts/1/large"

    sdk.files.upload(file, io.BytesIO(b"0123456789" * 3), part_size=7, use_parallel=False)

    assert workspace.files.read(file) == b"0123456789" * 3
    assert sum("/signed/" in call.path for call in workspace.calls) == 5
    assert workspace.violations == []


def test_privileges_are_told(workspace: Workspace, sdk: WorkspaceClient) -> None:
    workspace.catalog.grant(PRINCIPAL, "prod", "USE_CATALOG")
    workspace.catalog.grant(PRINCIPAL, "prod.agents", "USE_SCHEMA")
    # Without, one is told only of oneself.
    workspace.catalog.grant(USER, "prod.agents", "MANAGE")

    told = sdk.grants.get_effective("SCHEMA", "prod.agents", principal=PRINCIPAL)

    assert told.privilege_assignments
    privileges = told.privilege_assignments[0].privileges or []
    assert [
        (each.privilege and each.privilege.value, each.inherited_from_name) for each in privileges
    ] == [
        ("USE_CATALOG", "prod"),
        ("USE_SCHEMA", None),
    ]
    assert sdk.catalogs.get("prod").name == "prod"
    assert sdk.schemas.get("Prod.Agents").full_name == "prod.agents"
    with pytest.raises(platform.NotFound, match=r"'prod\.other' does not exist"):
        sdk.schemas.get("prod.other")
    assert workspace.violations == []
