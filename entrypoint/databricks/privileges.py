"""The privileges of a principal on a securable of Unity Catalog."""

from dataclasses import dataclass
from typing import Any, Self

from databricks.sdk import WorkspaceClient

from entrypoint.databricks.api_call import ApiError, try_call

MANAGE = "MANAGE"
_ALL = "ALL PRIVILEGES"


@dataclass(frozen=True)
class Privileges:
    """Those granted on a securable or its parents, also through groups; but not an owner's."""

    names: frozenset[str]

    def __contains__(self, privilege: str) -> bool:
        """Whether it was granted; `ALL PRIVILEGES` doesn't include `MANAGE`.

        https://docs.databricks.com/en/data-governance/unity-catalog/manage-privileges/ownership.html
        """
        return privilege in self.names or (_ALL in self.names and privilege != MANAGE)

    @classmethod
    def read(
        cls, workspace: WorkspaceClient, securable: str, name: str, principal: str
    ) -> Self | None:
        """Ask the workspace for them; None if it doesn't tell.

        `name` is quoted for a URL. https://docs.databricks.com/api/workspace/grants/geteffective
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
            # An empty page needn't be the last.
            token = page.get("next_page_token")
            if not token:
                return cls(frozenset(names))


def _page(
    workspace: WorkspaceClient, securable: str, name: str, principal: str, token: str | None
) -> dict[str, Any]:
    """One page as it is: the SDK's enumeration lacks CREATE MODEL VERSION, among others."""
    parameters = {"principal": principal, "max_results": 0, "page_token": token}
    path = f"/api/2.1/unity-catalog/effective-permissions/{securable}/{name}"
    query = {key: value for key, value in parameters.items() if value is not None}
    page = workspace.api_client.do("GET", path, query=query)
    return page if isinstance(page, dict) else {}
