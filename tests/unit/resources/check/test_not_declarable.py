"""What is used and can't be declared."""

from dataclasses import replace

import pytest

from entrypoint.resources.check.not_declarable import notices
from entrypoint.resources.kinds import DECLARABLE, KINDS
from entrypoint.resources.resource import Declarations, DeclaredResource, Resource, Use
from entrypoint.runtime.errors import Place, Problem

AGENT = Place("agents/agent.py")
NOTHING = Declarations()


def use(kind: str, name: str | None, line: int = 7, *, for_the_user: bool = False) -> Use:
    return Use(kind, name, "call(...)", "code", Place("agents/agent.py", line), for_the_user)


def found(*uses: Use, declarations: Declarations = NOTHING) -> list[Problem]:
    return list(notices(declarations, uses, AGENT))


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - DECLARABLE.keys() - {"secret_scope"}))
def test_it_says_what_a_service_principal_needs_and_how_the_endpoint_gets_its_credentials(
    kind: str,
) -> None:
    (notice,) = found(use(kind, "some-name"))

    assert f"the {KINDS[kind].title} `some-name` is used, and can't be declared" in notice.what
    assert notice.place == Place("agents/agent.py", 7)
    assert KINDS[kind].grant
    assert f"Give a service principal {KINDS[kind].grant}" in notice.fix
    assert '"DATABRICKS_CLIENT_SECRET": "{{secrets/<scope>/<client secret>}}"' in notice.fix


def test_an_mcp_service_takes_execute_on_it_and_usage_of_what_it_is_in() -> None:
    (notice,) = found(use("mcp_service", "system.ai.slack"))

    assert "`EXECUTE` on it, `USE CATALOG` and `USE SCHEMA`" in notice.fix


def test_or_the_user_is_asked_for() -> None:
    (notice,) = found(use("mcp_service", "system.ai.slack"))

    assert "on behalf of the user, with the API scope `ai-gateway`" in notice.fix


def test_the_lines_to_paste_are_shown_once() -> None:
    first, second = found(use("mcp_service", "system.ai.slack"), use("volume", "a.b.c"))

    assert "DATABRICKS_CLIENT_SECRET" in first.fix
    assert "DATABRICKS_CLIENT_SECRET" not in second.fix
    assert "Its credentials are shown for `system.ai.slack`." in second.fix


def test_they_are_shown_at_the_first_that_takes_them() -> None:
    uses = (use("secret_scope", "support"), use("volume", "a.b.c"), use("job", "7"))

    secret, volume, job = found(*uses)

    assert "DATABRICKS_CLIENT_SECRET" not in secret.fix
    assert "DATABRICKS_CLIENT_SECRET" in volume.fix
    assert "Its credentials are shown for `a.b.c`." in job.fix


def test_a_secret_comes_as_a_variable_of_the_endpoint() -> None:
    (notice,) = found(use("secret_scope", "support"))

    assert '{"API_KEY": "{{secrets/support/<key>}}"}' in notice.fix


def test_another_workspace_needs_credentials_of_its_own() -> None:
    (notice,) = found(use("workspace", "other.cloud.databricks.com"))

    assert '"DATABRICKS_HOST": "https://other.cloud.databricks.com"' in notice.fix


def test_each_is_told_once_with_all_places() -> None:
    (notice,) = found(use("volume", "a.b.c", 3), use("volume", "A.b.c", 9))

    assert notice.place == Place("agents/agent.py", 3)
    assert "agents/agent.py:9" in notice.detail


def test_one_without_a_name_is_told_too() -> None:
    (notice,) = found(use("job", None))

    assert "the job is used" in notice.what


def test_what_the_code_may_do_otherwise_may_be_used() -> None:
    (notice,) = found(replace(use("volume", "a.b.c"), certain=False))

    assert "the volume `a.b.c` may be used, and can't be declared" in notice.what


def test_the_agents_file_stands_for_what_has_no_place() -> None:
    (notice,) = found(Use("volume", "a.b.c", "GET /api/2.0/fs/files", "observed"))

    assert notice.place == AGENT


def test_the_users_scope_covers_an_mcp_service() -> None:
    assert not found(use("mcp_service", "system.ai.slack", for_the_user=True))
    assert found(use("volume", "a.b.c", for_the_user=True))


def test_what_can_be_declared_is_no_matter_of_this() -> None:
    assert not found(*(use(kind, "name") for kind in DECLARABLE))


def test_a_project_may_be_declared_as_if_it_was_an_instance() -> None:
    declared = DeclaredResource(Resource("lakebase", "shop"), Place("resources.yml", 3))
    declarations = Declarations("resources.yml", (declared,))

    assert not found(
        use("lakebase_project", "projects/shop/branches/main"), declarations=declarations
    )
    assert found(use("lakebase_project", "projects/other"), declarations=declarations)
