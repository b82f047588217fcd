"""What somebody may do with a thing in Unity Catalog."""

from dataclasses import dataclass
from typing import Any, Self

from databricks.sdk import WorkspaceClient

from entrypoint.databricks.api_call import ApiError, try_call

MANAGE = "MANAGE"
_ALL = "ALL PRIVILEGES"


@dataclass(frozen=True)
class Privileges:
    """Those that somebody was granted on a thing or on what holds it, also through groups.

    An owner's are not among them.
    """

    names: frozenset[str]

    def __contains__(self, privilege: str) -> bool:
        """`MANAGE` is not one of "all".

        https://docs.databricks.com/en/data-governance/unity-catalog/manage-privileges/ownership.html
        """
        return privilege in self.names or (_ALL in self.names and privilege != MANAGE)

    @classmethod
    def ask(
        cls, workspace: WorkspaceClient, securable: str, name: str, principal: str
    ) -> Self | None:
        """Ask the workspace; None if it doesn't tell.

        `name` is spelt for a path. https://docs.databricks.com/api/workspace/grants/geteffective
        """
        names = set()
        token = None
        while True:
            page = try_call(lambda: _page(workspace, securable, name, principal, token))  # noqa: B023
            if page is None or isinstance(page, ApiError):
                return None
            for assignment in page.get("privilege_assignments") or []:
                for each in assignment.get("privileges") or []:
                    names.add(str(each.get("privilege")).replace("_", " "))
            # A page can be empty and not be the last.
            token = page.get("next_page_token")
            if not token:
                return cls(frozenset(names))


def _page(
    workspace: WorkspaceClient, securable: str, name: str, principal: str, token: str | None
) -> dict[str, Any]:
    """One page as it is: the SDK's types have no word for CREATE MODEL VERSION, among others."""
    query = {"principal": principal, "max_results": 0, "page_token": token}
    path = f"/api/2.1/unity-catalog/effective-permissions/{securable}/{name}"
    given = {key: value for key, value in query.items() if value is not None}
    page = workspace.api_client.do("GET", path, query=given)
    return page if isinstance(page, dict) else {}
