"""A Databricks resource: declared in the file, or seen in use."""

from dataclasses import dataclass
from typing import Literal

from entrypoint.runtime.errors import Place

UseOrigin = Literal["code", "observed", "inferred", "dependency"]


@dataclass(frozen=True)
class Resource:
    """One Databricks resource that the agent may use; `kind` is a key of `KINDS`.

    `on_behalf_of_user` as the file says it, None where it doesn't: MLflow records the difference.
    """

    kind: str
    name: str
    on_behalf_of_user: bool | None = None


@dataclass(frozen=True)
class Use:
    """One use of a Databricks resource, and how it was seen.

    In the `code`, `observed` while verify asked the example, `inferred` by MLflow from a LangChain
    object, or a `dependency` of the resource `through`, kind and name. `name`
    is None where it isn't known; `by` is what uses it, for a sentence:
    `ChatDatabricks(...)`, `POST /serving-endpoints/{name}/invocations`. `over_mcp`:
    through a managed MCP server, which has scopes of its own. Not `certain`: one of several that
    the code may use, or on whose behalf.
    """

    kind: str
    name: str | None
    by: str
    source: UseOrigin
    place: Place | None = None
    on_behalf_of_user: bool = False
    over_mcp: bool = False
    certain: bool = True
    through: tuple[str, str] | None = None


@dataclass(frozen=True)
class DeclaredResource:
    """A resource of the resources file, and where it stands there."""

    resource: Resource
    place: Place


@dataclass(frozen=True)
class ApiScope:
    """An API scope of the user's token, and where it is asked for."""

    name: str
    place: Place


@dataclass(frozen=True)
class Declarations:
    """What a resources file declares; an agent without one has `file` None."""

    file: str | None = None
    declared: tuple[DeclaredResource, ...] = ()
    scopes: tuple[ApiScope, ...] = ()

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The resources alone, in the file's order."""
        return tuple(each.resource for each in self.declared)

    @property
    def api_scopes(self) -> tuple[str, ...]:
        """The scopes' names, in the file's order."""
        return tuple(scope.name for scope in self.scopes)
