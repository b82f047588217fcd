"""Unity Catalog's catalogs and schemas, and who may do what in them."""

from collections.abc import Iterator

from tests.doubles.databricks.request import Answer, Principal, Request, bad_value, denied, missing
from tests.doubles.databricks.routes import Route

ADMIN = "admin@example.com"
_TYPES = ("CATALOG", "SCHEMA", "FUNCTION")
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

    def own(self, name: str, principal: Principal | None) -> None:
        """Make somebody a model's owner, or nobody when it is gone."""
        self._owners.pop(name, None)
        if principal:
            self._owners[name] = principal.name

    def owns(self, principal: Principal, name: str) -> bool:
        """Whether somebody may do all with a model."""
        held = {privilege for privilege, _, _ in self._effective(principal.name, name)}
        return self._owners.get(name) == principal.name or "MANAGE" in held

    def has(self, principal: Principal, name: str, privilege: str) -> bool:
        """Whether somebody has a privilege on a securable, or on what holds it."""
        held = {privilege for privilege, _, _ in self._effective(principal.name, name)}
        return privilege in held or (_ALL in held and privilege not in _NOT_IN_ALL)

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
            kind = _TYPES[name.count(".")].capitalize()
            raise denied(f"User does not have {spelt} on {kind} '{name}'.")

    def _effective(self, principal: str, name: str) -> Iterator[tuple[str, str, str]]:
        """Each privilege with the type and the name of what it was granted on."""
        levels = name.split(".")
        for depth in range(1, len(levels) + 1):
            above = ".".join(levels[:depth])
            for privilege in sorted(self._grants.get(above, {}).get(principal, ())):
                yield privilege, _TYPES[depth - 1], above

    def routes(self) -> Iterator[Route]:
        unity = "/api/2.1/unity-catalog"
        yield Route("GET", f"{unity}/catalogs/{{name}}", self._catalog, query=_BROWSE)
        yield Route("GET", f"{unity}/schemas/{{name}}", self._schema, query=_BROWSE)
        yield Route(
            "GET",
            f"{unity}/effective-permissions/{{type}}/{{name}}",
            self._permissions,
            query=frozenset({"principal", "max_results", "page_token"}),
        )

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
        return Answer({"name": last, "catalog_name": catalog, "full_name": name, "owner": ADMIN})

    def _permissions(self, request: Request) -> Answer:
        name, kind = request.parts["name"].lower(), request.parts["type"].upper()
        # A model is a routine to the grants: https://docs.databricks.com/api/workspace/grants
        if kind not in _TYPES or name.count(".") != _TYPES.index(kind):
            raise bad_value(f"'{name}' is no name of a securable of type {kind}.")
        catalog, _, rest = name.partition(".")
        schema = f"{catalog}.{rest.partition('.')[0]}"
        if catalog not in self._catalogs or (rest and schema not in self._schemas):
            raise missing(f"Securable '{name}' does not exist.")
        named = request.query.get("principal")
        principals = {who for grants in self._grants.values() for who in grants}
        assignments = []
        for principal in sorted(principals & {named} if named else principals):
            privileges = [
                {"privilege": privilege}
                if above == name
                else {
                    "privilege": privilege,
                    "inherited_from_type": above_kind,
                    "inherited_from_name": above,
                }
                for privilege, above_kind, above in self._effective(principal, name)
            ]
            if privileges:
                assignments.append({"principal": principal, "privileges": privileges})
        return Answer({"privilege_assignments": assignments})
