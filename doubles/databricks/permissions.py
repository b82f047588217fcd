"""Who may do what in Unity Catalog, as its grants API tells it."""

from collections.abc import Iterator, Mapping

from doubles.databricks.catalog import ADMIN, TYPES, Catalog
from doubles.databricks.request import Answer, Principal, Request, bad_value, denied
from doubles.databricks.routes import Route

# https://docs.databricks.com/api/workspace/grants/geteffective
_SMALLEST_PAGE = 150


class Permissions:
    """Tells somebody's own privileges to anybody, and everybody's to who manages the thing.

    What comes from groups is among a principal's own unless `through_groups` is off. Before the
    page with the answer come some `empty_pages`, for those who ask for pages.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.through_groups = True
        self.empty_pages = 0

    def routes(self) -> Iterator[Route]:
        yield Route(
            "GET",
            "/api/2.1/unity-catalog/effective-permissions/{type}/{name}",
            self._effective,
            query=frozenset({"principal", "max_results", "page_token"}),
        )

    def _effective(self, request: Request) -> Answer:
        name, kind = request.parts["name"].lower(), request.parts["type"].upper()
        # A model is a routine to the grants: https://docs.databricks.com/api/workspace/grants
        if kind not in TYPES or name.count(".") != TYPES.index(kind):
            raise bad_value(f"'{name}' is no name of a securable of type {kind}.")
        self._catalog.check(name)
        page = self._page(request)
        if page < self.empty_pages and "max_results" in request.query:
            return Answer({"next_page_token": str(page + 1)})
        assignments = [
            {"principal": principal, "privileges": privileges}
            for principal in self._principals(request.principal, request.query, name)
            if (privileges := self._privileges(principal, name))
        ]
        return Answer({"privilege_assignments": assignments} if assignments else {})

    def _page(self, request: Request) -> int:
        size = int(request.query.get("max_results", "0"))
        if size < 0 or 0 < size < _SMALLEST_PAGE:
            raise bad_value(f"max_results is {size}: it is 0, or {_SMALLEST_PAGE} and more.")
        token = request.query.get("page_token", "0")
        if not token.isdecimal() or int(token) > self.empty_pages:
            raise bad_value(f"Invalid page token: {token}")
        return int(token)

    def _principals(self, asking: Principal, query: Mapping[str, str], name: str) -> list[str]:
        """About whom it is told.

        https://docs.databricks.com/en/sql/language-manual/security-show-grant.html
        """
        named = query.get("principal")
        if named == asking.name:
            return [named]
        if asking.name != ADMIN and not self._catalog.owns(asking, name):
            raise denied(f"User does not have MANAGE on '{name}'.")
        return [named] if named else sorted(self._catalog.principals)

    def _privileges(self, principal: str, name: str) -> list[dict[str, str]]:
        effective = self._catalog.effective(principal, name, through_groups=self.through_groups)
        return [
            {"privilege": privilege}
            if above == name
            else {
                "privilege": privilege,
                "inherited_from_type": kind,
                "inherited_from_name": above,
            }
            for privilege, kind, above in effective
        ]
