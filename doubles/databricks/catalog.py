"""Unity Catalog's catalogs and schemas, and who may do what in them."""

from collections.abc import Iterator

from doubles.databricks.request import Answer, Principal, Request, denied, missing
from doubles.databricks.routes import Route

ADMIN = "admin@example.com"
TYPES = ("CATALOG", "SCHEMA", "FUNCTION")
_BROWSE = frozenset({"include_browse"})
_ALL = "ALL_PRIVILEGES"
# https://docs.databricks.com/en/data-governance/unity-catalog/manage-privileges/privileges.html
_NOT_IN_ALL = {"MANAGE"}


class Catalog:
    """Names are stored in lower case, as Unity Catalog stores them, and found in any."""

    def __init__(self) -> None:
        self._catalogs: set[str] = set()
        self._schemas: set[str] = set()
        self._owners: dict[str, str] = {}
        self._grants: dict[str, dict[str, set[str]]] = {}
        self._groups: dict[str, set[str]] = {}

    def create(self, schema: str, *principals: str) -> None:
        """Make `catalog.schema`, and let principals do all there."""
        catalog = schema.partition(".")[0]
        self._catalogs.add(catalog)
        self._schemas.add(schema)
        for principal in principals:
            self.grant(principal, catalog, "USE_CATALOG")
            self.grant(principal, schema, _ALL)

    def grant(self, principal: str, name: str, *privileges: str) -> None:
        """Grant privileges on a catalog, a schema or a model: for what is in it, too."""
        self._grants.setdefault(name, {}).setdefault(principal, set()).update(privileges)

    def revoke(self, principal: str, name: str, *privileges: str) -> None:
        self._grants.get(name, {}).get(principal, set()).difference_update(privileges)

    def join(self, group: str, *members: str) -> None:
        """Let somebody have what a group has."""
        self._groups.setdefault(group, set()).update(members)

    def own(self, name: str, principal: Principal | None) -> None:
        """Make somebody a schema's or a model's owner, or nobody when it is gone."""
        self._owners.pop(name, None)
        if principal:
            self._owners[name] = principal.name

    def owns(self, principal: Principal, name: str) -> bool:
        """Whether somebody may do all with a model."""
        held = {privilege for privilege, _, _ in self.effective(principal.name, name)}
        return self._owners.get(name) in self._names(principal.name) or "MANAGE" in held

    def has(self, principal: Principal, name: str, privilege: str) -> bool:
        """Whether somebody has a privilege on a securable, or on what holds it.

        An owner has all of them, but not on what is in it.
        """
        held = {privilege for privilege, _, _ in self.effective(principal.name, name)}
        if self._owners.get(name) in self._names(principal.name):
            held.add(_ALL)
        return privilege in held or (_ALL in held and privilege not in _NOT_IN_ALL)

    def check(self, name: str) -> None:
        """See whether a catalog or a schema is there, for the name of something in it, too.

        Raises:
            Refusal: it isn't.

        """
        catalog, _, rest = name.partition(".")
        schema = f"{catalog}.{rest.partition('.')[0]}"
        if catalog not in self._catalogs or (rest and schema not in self._schemas):
            raise missing(f"Securable '{name}' does not exist.")

    @property
    def principals(self) -> set[str]:
        """All to whom something was granted."""
        return {who for grants in self._grants.values() for who in grants}

    def require(self, principal: Principal, schema: str, privilege: str = "") -> None:
        """Let somebody into a schema.

        Raises:
            Refusal: the catalog or the schema isn't there, or a privilege is missing.

        """
        catalog = schema.partition(".")[0]
        if catalog not in self._catalogs:
            raise missing(f"Catalog '{catalog}' does not exist.", "CATALOG_DOES_NOT_EXIST")
        self._check(principal, catalog, "USE_CATALOG")
        if schema not in self._schemas:
            raise missing(f"Schema '{schema}' does not exist.", "SCHEMA_DOES_NOT_EXIST")
        self._check(principal, schema, "USE_SCHEMA")
        if privilege:
            self._check(principal, schema, privilege)

    def _check(self, principal: Principal, name: str, privilege: str) -> None:
        if not self.has(principal, name, privilege):
            spelt = privilege.replace("_", " ")
            kind = TYPES[name.count(".")].capitalize()
            raise denied(f"User does not have {spelt} on {kind} '{name}'.")

    def effective(
        self, principal: str, name: str, *, through_groups: bool = True
    ) -> Iterator[tuple[str, str, str]]:
        """Each privilege with the type and the name of what it was granted on."""
        names = self._names(principal) if through_groups else {principal}
        levels = name.split(".")
        for depth in range(1, len(levels) + 1):
            above = ".".join(levels[:depth])
            grants = self._grants.get(above, {})
            for privilege in sorted(set().union(*(grants.get(each, set()) for each in names))):
                yield privilege, TYPES[depth - 1], above

    def _names(self, principal: str) -> set[str]:
        """The principal and the groups that it is in."""
        return {principal, *(name for name, in_it in self._groups.items() if principal in in_it)}

    def routes(self) -> Iterator[Route]:
        unity = "/api/2.1/unity-catalog"
        yield Route("GET", f"{unity}/catalogs/{{name}}", self._catalog, query=_BROWSE)
        yield Route("GET", f"{unity}/schemas/{{name}}", self._schema, query=_BROWSE)

    def _catalog(self, request: Request) -> Answer:
        name = request.parts["name"].lower()
        if name not in self._catalogs:
            raise missing(f"Catalog '{name}' does not exist.", "CATALOG_DOES_NOT_EXIST")
        self._check(request.principal, name, "USE_CATALOG")
        return Answer(
            {
                "name": name,
                "full_name": name,
                "owner": ADMIN,
                "catalog_type": "MANAGED_CATALOG",
                "securable_type": "CATALOG",
            }
        )

    def _schema(self, request: Request) -> Answer:
        name = request.parts["name"].lower()
        self.require(request.principal, name)
        catalog, _, last = name.partition(".")
        owner = self._owners.get(name, ADMIN)
        return Answer({"name": last, "catalog_name": catalog, "full_name": name, "owner": owner})
