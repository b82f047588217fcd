"""API scopes, which a user's token must have when the agent acts on behalf of that user.

https://docs.databricks.com/en/generative-ai/agent-framework/authenticate-on-behalf-of-user
Names are moving from `sql.statement-execution` to short ones such as `sql`, so an unknown one is
never refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from entrypoint.resources.check.places import also_at
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Declarations, Resource, Use
from entrypoint.resources.suggestion import did_you_mean
from entrypoint.runtime.errors import Place, Problem

_OF_KINDS = {scope for kind in KINDS.values() for scope in kind.scopes}
_OF_MCP = {kind.mcp_scope for kind in KINDS.values() if kind.mcp_scope}
# The short names, and what they cover.
_COVERS = {
    "ai-search": {"mcp.vectorsearch"},
    "all-apis": _OF_KINDS | _OF_MCP,
    "apps": {"apps.apps"},
    "genie": {"dashboards.genie", "mcp.genie"},
    "model-serving": {"serving.serving-endpoints"},
    "sql": {"sql.statement-execution", "sql.warehouses", "mcp.sql"},
    "unity-catalog": {"catalog.connections", "mcp.functions"},
    "vector-search": {"vectorsearch.vector-search-endpoints", "vectorsearch.vector-search-indexes"},
}
# Scopes that serving takes and that no kind of resource needs.
_OTHERS = {
    *("ai-gateway", "iam.access-control:read", "iam.current-user:read", "mcp.sql"),
    *("serving.serving-endpoints-data-plane", "workspace.workspace"),
}
KNOWN = _OF_KINDS | _OF_MCP | _OTHERS | set(_COVERS) | set().union(*_COVERS.values())


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
    wanted = "\n".join(f"    - {scope}" for scope in (*declarations.api_scopes, *lacking))
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
        if scope.name in KNOWN - _OTHERS and not _covered([scope.name]) & needed:
            yield Problem(
                f"`resources-file`: nothing that the agent does for the user needs `{scope.name}`.",
                "Least privilege: take it out.",
                scope.place,
            )


def unknown(declarations: Declarations) -> Iterator[Problem]:
    """Scopes that this version hasn't heard of."""
    for scope in declarations.scopes:
        if scope.name not in KNOWN:
            yield Problem(
                f"`resources-file`: `{scope.name}` is not an API scope that log-agent knows."
                f"{did_you_mean(scope.name, sorted(KNOWN), most=3)}",
                "If Databricks knows it, it works all the same.",
                scope.place,
            )


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
        kind = KINDS[use.kind]
        of_mcp = (kind.mcp_scope,) if use.over_mcp and kind.mcp_scope else ()
        enough = tuple(scopes for scopes in (of_mcp, kind.scopes) if scopes)
        if use.on_behalf_of_user and enough:
            yield _Need(f"`{use.by}` in the code", enough, use.place)


def _covered(scopes: Iterable[str]) -> set[str]:
    """The scopes, with the older ones that they stand for."""
    return {each for scope in scopes for each in (scope, *_COVERS.get(scope, ()))}
