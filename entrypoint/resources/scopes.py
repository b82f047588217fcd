"""API scopes: what a user's token must be good for when the agent acts for that user.

https://docs.databricks.com/en/generative-ai/agent-framework/authenticate-on-behalf-of-user
Names are moving from `sql.statement-execution` to short ones such as `sql`, so an unknown one is
never refused.
"""

from collections.abc import Iterable, Iterator

from entrypoint.errors import Problem
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Declarations, Use
from entrypoint.resources.suggestion import did_you_mean

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


def missing(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """Scopes without which what is declared or found can't be used for the user."""
    given = _covered(declarations.api_scopes)
    lacking: dict[str, list[str]] = {}
    for what, alternatives in _needed(declarations, uses):
        if not any(set(scopes) <= given for scopes in alternatives):
            for scope in alternatives[0]:
                if scope not in given:
                    lacking.setdefault(scope, []).append(what)
    if not lacking:
        return
    wanted = "\n".join(f"    - {scope}" for scope in (*declarations.api_scopes, *lacking))
    listed = ", ".join(f"`{scope}`" for scope in lacking)
    first = next(iter(lacking.values()))[0]
    place = next((each.place for each in declarations.scopes), None) or next(
        (each.place for each in declarations.declared if each.resource.on_behalf_of_user), None
    )
    yield Problem(
        f"`resources-file`: the user's token lacks {listed}: {first} is used on behalf of the"
        " user.",
        f"Ask for them:\n\nuser_auth_policy:\n  api_scopes:\n{wanted}",
        place,
        "\n".join(f"{scope}: {', '.join(whats)}" for scope, whats in lacking.items()),
    )


def superfluous(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """Scopes that nothing needs; none where nothing is known of what is done for the user."""
    uses = tuple(uses)
    needed = {
        scope
        for _, alternatives in _needed(declarations, uses)
        for scopes in alternatives
        for scope in scopes
    }
    if not needed:
        return
    kinds = {each.kind for each in declarations.resources if each.on_behalf_of_user}
    kinds |= {use.kind for use in uses if use.on_behalf_of_user}
    needed |= _OTHERS.union(*(KINDS[kind].accepted for kind in kinds))
    for scope in declarations.scopes:
        if scope.name in KNOWN and not _covered([scope.name]) & needed:
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


def without_direct_access(declarations: Declarations) -> Iterator[Problem]:
    """What Databricks doesn't support on behalf of the user, with its own advice."""
    for each in declarations.declared:
        resource = each.resource
        if resource.on_behalf_of_user and resource.kind in ("table", "function"):
            yield Problem(
                f"`resources-file`: a {KINDS[resource.kind].title} can't be used directly on behalf"
                f" of the user: `{resource.name}`.",
                "Databricks advises to ask a Genie space for it:\n\ngenie_space:\n"
                "  - name: <the space's id>\n    on_behalf_of_user: true",
                each.place,
            )


def _needed(
    declarations: Declarations, uses: Iterable[Use]
) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """What is used for the user, and the sets of scopes of which one is enough for it."""
    for resource in declarations.resources:
        kind = KINDS[resource.kind]
        if resource.on_behalf_of_user and kind.scopes:
            yield f"{kind.title} `{resource.name}`", _alternatives(resource.kind)
    for use in uses:
        kind = KINDS[use.kind]
        if use.on_behalf_of_user and (kind.scopes or use.over_mcp):
            alternatives = _alternatives(use.kind)
            # The first is what is proposed.
            yield f"`{use.by}` in the code", alternatives[::-1] if use.over_mcp else alternatives


def _alternatives(kind: str) -> list[tuple[str, ...]]:
    scopes, mcp_scope = KINDS[kind].scopes, KINDS[kind].mcp_scope
    return [each for each in (scopes, (mcp_scope,) if mcp_scope else ()) if each]


def _covered(scopes: Iterable[str]) -> set[str]:
    """The scopes, with the older ones that they stand for."""
    return {each for scope in scopes for each in (scope, *_COVERS.get(scope, ()))}
