"""API scopes: what a user's token must be good for when the agent acts for that user.

https://docs.databricks.com/en/generative-ai/agent-framework/authenticate-on-behalf-of-user
Names are moving from `sql.statement-execution` to short ones such as `sql`, so an unknown one is
never refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

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


def missing(declarations: Declarations, uses: Iterable[Use], file: str) -> Iterator[Problem]:
    """Scopes without which what is declared or found can't be used for the user."""
    uses = tuple(use for use in uses if use.certain)
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
    of_uses = (use.place for use in uses if use.on_behalf_of_user and use.place)
    head = "" if declarations.file else 'api_version: "1"\n'
    yield Problem(
        f"`resources-file`: the user's token lacks {listed}: {first} is used on behalf of the"
        " user.",
        f"Ask for them in `{declarations.file or file}`:\n\n{head}user_auth_policy:\n"
        f"  api_scopes:\n{wanted}",
        place or next(of_uses, None),
        "\n".join(f"{scope}: {', '.join(whats)}" for scope, whats in lacking.items()),
    )


def superfluous(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """Scopes that nothing needs; none where nothing is known of what is done for the user.

    What was observed may have been done for the user too: a request doesn't tell.
    """
    uses = tuple(
        replace(use, on_behalf_of_user=True) if use.source == "observed" else use for use in uses
    )
    if not any(use.on_behalf_of_user and use.source == "code" for use in uses) and not any(
        each.on_behalf_of_user for each in declarations.resources
    ):
        return
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
    needed = needed.union(*(KINDS[kind].accepted for kind in kinds))
    for scope in declarations.scopes:
        if scope.name not in KNOWN or scope.name in _OTHERS:
            continue
        if not _covered([scope.name]) & needed:
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
    for each, place in used:
        if each.on_behalf_of_user and each.kind in ("table", "function"):
            named = f": `{each.name}`" if each.name else ""
            yield Problem(
                f"`resources-file`: a {KINDS[each.kind].title} can't be used directly on behalf"
                f" of the user{named}.",
                "Databricks advises to ask a Genie space for it:\n\n    genie_space:\n"
                "      - name: <the space's id>\n        on_behalf_of_user: true",
                place,
            )


def _needed(
    declarations: Declarations, uses: Iterable[Use]
) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """What is used for the user, and the sets of scopes of which one is enough for it."""
    for resource in declarations.resources:
        kind = KINDS[resource.kind]
        if resource.on_behalf_of_user and kind.scopes:
            yield f"{kind.title} `{resource.name}`", [kind.scopes]
    for use in uses:
        kind = KINDS[use.kind]
        if use.on_behalf_of_user and (kind.scopes or use.over_mcp):
            # The first is what is proposed.
            of_mcp = (kind.mcp_scope,) if use.over_mcp and kind.mcp_scope else ()
            alternatives = [each for each in (of_mcp, kind.scopes) if each]
            if alternatives:
                yield f"`{use.by}` in the code", alternatives


def _covered(scopes: Iterable[str]) -> set[str]:
    """The scopes, with the older ones that they stand for."""
    return {each for scope in scopes for each in (scope, *_COVERS.get(scope, ()))}
