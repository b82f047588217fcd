"""API scopes, which a user's token must have when the agent acts on behalf of that user.

https://docs.databricks.com/aws/en/agents/custom-agents/model-serving/agent-authentication-model-serving
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from entrypoint.resources.check.places import also_at
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Declarations, Resource, Use
from entrypoint.resources.suggestion import did_you_mean
from entrypoint.runtime.errors import Place, Problem

# The names of today, and the older ones that together are the same.
_OLDER = {
    "apps": {"apps.apps"},
    "genie": {"dashboards.genie"},
    "model-serving": {"serving.serving-endpoints"},
    "sql": {"sql.statement-execution", "sql.warehouses"},
    "unity-catalog": {"catalog.connections"},
    "vector-search": {"vectorsearch.vector-search-endpoints", "vectorsearch.vector-search-indexes"},
}
# The names that are enough for a managed MCP server alone, and what Databricks' table of the
# servers has instead: https://docs.databricks.com/aws/en/agents/mcp/managed-mcp
_OF_MCP = {
    "mcp.external": "unity-catalog",
    "mcp.functions": "unity-catalog",
    "mcp.genie": "genie",
    "mcp.sql": "sql",
    "mcp.vectorsearch": "vector-search",
}
_OF_MCP_SERVERS = {"/api/2.0/mcp/genie": "mcp.genie", "/api/2.0/mcp/sql": "mcp.sql"}
# Scopes that an agent may need for what no resource shows.
_OTHERS = {
    "ai-gateway",
    "iam.access-control:read",
    "iam.current-user:read",
    "workspace.workspace",
}
# All that Model Serving takes, as it lists them where it refuses one:
# https://github.com/natefleming/dao-ai/blob/9305293/src/dao_ai/apps/resources.py
SERVED = frozenset({*_OLDER, *set().union(*_OLDER.values()), *_OF_MCP, *_OTHERS})
# Scopes that Model Serving refuses and Databricks Apps take, and what serving takes for the same.
_REFUSED: Mapping[str, Collection[str]] = {
    "ai-search": {"vector-search"},
    "all-apis": SERVED,
    "catalog.catalogs:read": (),
    "catalog.schemas:read": (),
    "catalog.tables:read": (),
    "files": (),
    "files.files": (),
    "postgres": (),
    "serving.serving-endpoints-data-plane": {"model-serving"},
}


@dataclass(frozen=True)
class _Need:
    """Something that is used on behalf of the user.

    Each of the sets of scopes is `enough` for it; the first is what is proposed.
    """

    what: str
    enough: tuple[tuple[str, ...], ...]
    place: Place | None


def missing(declarations: Declarations, uses: Iterable[Use], file: str) -> Iterator[Problem]:
    """Scopes without which what is declared or found can't be used on behalf of the user."""
    given = _covered(declarations.api_scopes)
    needs = [
        need
        for need in _needs(declarations, (use for use in uses if use.certain))
        if not any(set(scopes) <= given for scopes in need.enough)
    ]
    if needs:
        scopes = dict.fromkeys(scope for need in needs for scope in need.enough[0])
        lacking = [scope for scope in scopes if scope not in given]
        yield _missing(lacking, needs, declarations, file)


def _missing(
    lacking: list[str], needs: list[_Need], declarations: Declarations, file: str
) -> Problem:
    places = (*(each.place for each in declarations.scopes), *(need.place for need in needs))
    listed = ", ".join(f"`{scope}`" for scope in lacking)
    kept = (each for scope in declarations.api_scopes for each in _REFUSED.get(scope, (scope,)))
    wanted = "\n".join(f"    - {scope}" for scope in dict.fromkeys((*kept, *lacking)))
    head = "" if declarations.file else 'api_version: "1"\n'
    needed_for = {
        scope: ", ".join(need.what for need in needs if scope in need.enough[0])
        for scope in lacking
    }
    return Problem(
        f"`resources-file`: the user's token lacks {listed}: {needs[0].what} is used on behalf of"
        " the user.",
        f"Ask for them in `{declarations.file or file}`:\n\n{head}user_auth_policy:\n"
        f"  api_scopes:\n{wanted}",
        next(filter(None, places), None),
        "\n".join(f"{scope}: {whats}" for scope, whats in needed_for.items()),
    )


def superfluous(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """Declared scopes that nothing needs; none without any known access on behalf of the user.

    An observed use may have been one: a request doesn't show it.
    """
    uses = [
        replace(use, on_behalf_of_user=True) if use.source == "observed" else use for use in uses
    ]
    everything: tuple[Resource | Use, ...] = (*declarations.resources, *uses)
    for_the_user = [each for each in everything if each.on_behalf_of_user]
    is_known = any(isinstance(each, Resource) or each.source == "code" for each in for_the_user)
    needs = _needs(declarations, uses) if is_known else ()
    needed = {scope for need in needs for scopes in need.enough for scope in scopes}
    if not needed:
        return
    needed.update(*(KINDS[each.kind].accepted for each in for_the_user))
    for scope in declarations.scopes:
        same = {scope.name, *(name for name, older in _OLDER.items() if scope.name in older)}
        if scope.name in SERVED - _OTHERS and not same & needed:
            yield Problem(
                f"`resources-file`: nothing that the agent does for the user needs `{scope.name}`.",
                "Least privilege: take it out.",
                scope.place,
            )


def unknown(declarations: Declarations) -> Iterator[Problem]:
    """Scopes that this version hasn't heard of."""
    for scope in declarations.scopes:
        if scope.name not in SERVED and scope.name not in _REFUSED:
            yield Problem(
                f"`resources-file`: `{scope.name}` is not an API scope that log-agent knows."
                f"{did_you_mean(scope.name, sorted(SERVED), most=3)}",
                "If Model Serving knows it, it works all the same.",
                scope.place,
            )


def refused(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """Scopes that Databricks knows and Model Serving refuses."""
    needed = dict.fromkeys(scope for need in _needs(declarations, uses) for scope in need.enough[0])
    given = _with_names_of_today(set(declarations.api_scopes))
    for scope in declarations.scopes:
        if scope.name in _REFUSED:
            yield Problem(
                f"`resources-file`: Model Serving refuses the API scope `{scope.name}`, which works"
                " in Databricks Apps.",
                _instead(_REFUSED[scope.name], needed, given),
                scope.place,
            )


def _instead(taken: Collection[str], needed: Iterable[str], given: set[str]) -> str:
    if not taken:
        return "Take it out: Model Serving takes no scope for the same."
    wanted = taken if len(taken) == 1 else [scope for scope in needed if scope in taken]
    lacking = [scope for scope in wanted if scope not in given]
    if lacking:
        lines = "\n".join(f"    - {scope}" for scope in lacking)
        return f"Ask for what Model Serving takes in its place:\n\n{lines}"
    if wanted:
        listed = ", ".join(f"`{scope}`" for scope in wanted)
        return f"Take it out: {listed}, which Model Serving takes in its place, is there."
    return "Ask in its place for each scope that the agent needs, such as `genie` or `sql`."


def without_direct_access(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """What Databricks doesn't support on behalf of the user, with its own advice."""
    used: list[tuple[Resource | Use, Place | None]] = [
        *((each.resource, each.place) for each in declarations.declared),
        *((use, use.place) for use in uses if not use.over_mcp),
    ]
    places: dict[tuple[str, str], list[Place | None]] = {}
    for each, place in used:
        if each.on_behalf_of_user and each.kind in ("table", "function"):
            places.setdefault((each.kind, each.name or ""), []).append(place)
    for (kind, name), found in places.items():
        named = f": `{name}`" if name else ""
        yield Problem(
            f"`resources-file`: a {KINDS[kind].title} can't be used directly on behalf of the"
            f" user{named}.",
            "Databricks advises to ask a Genie space for it:\n\n    genie_space:\n"
            "      - name: <the space's id>\n        on_behalf_of_user: true",
            found[0],
            also_at(found),
        )


def _needs(declarations: Declarations, uses: Iterable[Use]) -> Iterator[_Need]:
    for each in declarations.declared:
        kind = KINDS[each.resource.kind]
        if each.resource.on_behalf_of_user and kind.scopes:
            yield _Need(f"{kind.title} `{each.resource.name}`", (kind.scopes,), each.place)
    for use in uses:
        if use.on_behalf_of_user and (enough := _enough(use)):
            yield _Need(f"`{use.by}` in the code", enough, use.place)


def _enough(use: Use) -> tuple[tuple[str, ...], ...]:
    """What is enough for a use, the best first."""
    kind = KINDS[use.kind]
    of_mcp = _OF_MCP_SERVERS.get(use.name or "", kind.mcp_scope)
    over_mcp = ((_OF_MCP[of_mcp],), (of_mcp,)) if use.over_mcp and of_mcp else ()
    return (*over_mcp, kind.scopes) if kind.scopes else over_mcp


def _covered(scopes: Iterable[str]) -> set[str]:
    """The scopes, and what is meant by those of them that serving refuses: a warning is enough."""
    meant = (each for scope in scopes for each in (scope, *_REFUSED.get(scope, ())))
    return _with_names_of_today(set(meant))


def _with_names_of_today(scopes: set[str]) -> set[str]:
    return scopes | {name for name, older in _OLDER.items() if older <= scopes}
