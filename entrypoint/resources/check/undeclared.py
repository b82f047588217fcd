"""What is used and not declared: it works here, and is a 403 on the endpoint days later."""

from collections.abc import Iterable, Iterator
from textwrap import indent

import yaml

from entrypoint.resources.check.needed import needs_declaration
from entrypoint.resources.check.places import also_at
from entrypoint.resources.dependencies import is_schema
from entrypoint.resources.file import as_mlflow
from entrypoint.resources.kinds import DECLARABLE, KINDS, key
from entrypoint.resources.resource import Declarations, Resource, Use
from entrypoint.runtime.errors import Place, Problem

_MESSAGES = {
    "code": "`{by}` uses the {title} `{name}`, which is not declared: serving would refuse it"
    " (403).",
    "observed": "while it answered the example, the agent used (`{by}`) the {title} `{name}`, which"
    " is not declared: serving would refuse it (403).",
    "inferred": "MLflow finds in the LangChain object the {title} `{name}`, which is not declared."
    " What MLflow finds may not be all that the agent needs: Databricks advises to declare it.",
    # https://docs.databricks.com/aws/en/agents/custom-agents/model-serving/log-agent
    "dependency": "{by} needs the {title} `{name}`, which is not declared: serving would refuse it"
    " (403).",
    "schema": "`{by}` gives the agent every function of `{schema}`, and the {title} `{name}` is not"
    " declared: serving would refuse it (403).",
}


def undeclared(
    declarations: Declarations, uses: Iterable[Use], agent: Place, file: str
) -> Iterator[Problem]:
    """A problem for each resource that is certainly used and not declared.

    Not for one that the agent uses on behalf of the user, which its scope covers. `file`: where
    the resources file is, or would be found; `agent`: for a use without a place of its own.
    """
    uses = tuple(uses)
    lacking: dict[tuple[str, str], list[Use]] = {}
    for use in _lacking(declarations, uses):
        if use.certain:
            lacking.setdefault(key(use.kind, str(use.name)), []).append(use)
    firsts = [group[0] for group in lacking.values()]
    for group in lacking.values():
        first = group[0]
        place = first.place or _place_of(first, uses) or agent
        yield Problem(
            f"`resources-file`: {_message(first, uses)}",
            _fix(first, firsts, declarations, file),
            place,
            also_at((place, *(use.place for use in group))),
        )


def possible(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """Calls that use one of several resources, none of which is declared.

    A problem for all calls that may use the same ones.
    """
    declared = {key(each.kind, each.name) for each in declarations.resources}
    calls: dict[tuple[str, Place | None], list[Use]] = {}
    for use in uses:
        is_open = not use.certain and use.kind in DECLARABLE
        if is_open and use.name and not is_schema(use.name):
            calls.setdefault((use.by, use.place), []).append(use)
    lacking: dict[frozenset[tuple[str, str]], list[Use]] = {}
    for alternatives in calls.values():
        named = {key(use.kind, str(use.name)): use for use in alternatives}
        if not named.keys() & declared and not any(use.on_behalf_of_user for use in alternatives):
            lacking.setdefault(frozenset(named), []).extend(named.values())
    for found in lacking.values():
        distinct = {key(use.kind, str(use.name)): use for use in reversed(found)}
        listed = ", ".join(
            f"{KINDS[use.kind].title} `{use.name}`" for use in reversed(distinct.values())
        )
        yield Problem(
            f"`resources-file`: `{found[0].by}` may use, as far as the code tells: {listed}."
            " Nothing of that is declared.",
            "Declare what it uses on serving.",
            found[0].place,
            also_at(use.place for use in found),
        )


def declared_but_unseen(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """Declared resources of which nothing was seen.

    None of a kind of which the agent uses a resource without a known name, or all of a schema: it
    may be one of these.
    """
    uses = tuple(uses)
    seen = {key(use.kind, use.name) for use in uses if use.name}
    unclear = {use.kind for use in uses if not use.name or is_schema(use.name)}
    for each in declarations.declared:
        resource = each.resource
        if resource.kind not in unclear and key(resource.kind, resource.name) not in seen:
            title = KINDS[resource.kind].title
            yield Problem(
                f"`resources-file`: the {title} `{resource.name}` is declared, and neither the code"
                " nor the example was seen to use it.",
                "Keep it if something needs it that the agent uses: the tables of a Genie space.",
                each.place,
            )


def _lacking(declarations: Declarations, uses: tuple[Use, ...]) -> Iterator[Use]:
    declared = {key(each.kind, each.name) for each in declarations.resources}
    for use in uses:
        if use.kind not in DECLARABLE or not use.name or use.on_behalf_of_user:
            continue
        if is_schema(use.name) or not needs_declaration(use):
            continue
        if key(use.kind, use.name) in declared:
            continue
        if use.source in ("code", "dependency") or not _is_for_the_user(use, uses):
            yield use


def _message(use: Use, uses: Iterable[Use]) -> str:
    message, by, schema = _MESSAGES[use.source], use.by, ""
    if use.through and is_schema(use.through[1]):
        message, schema = _MESSAGES["schema"], use.through[1].removesuffix(".*")
        takers = (each.by for each in uses if each.name and (each.kind, each.name) == use.through)
        by = next(takers, "the agent")
    return message.format(by=by, title=KINDS[use.kind].title, name=use.name, schema=schema)


def _is_for_the_user(use: Use, uses: Iterable[Use]) -> bool:
    """Whether the code uses this, or one that isn't known, on behalf of the user."""
    return any(
        other.on_behalf_of_user and other.kind == use.kind and other.name in (use.name, None)
        for other in uses
    )


def _place_of(use: Use, uses: Iterable[Use]) -> Place | None:
    """Where the code uses a resource of the kind whose name the scan couldn't find."""
    places = (other.place for other in uses if other.kind == use.kind and not other.name)
    return next((place for place in places if place), None)


def _fix(use: Use, lacking: list[Use], declarations: Declarations, file: str) -> str:
    """The lines to paste; those that belong together are shown once."""
    kind = KINDS[use.kind]
    if kind.shape.strict and not kind.shape.pattern.fullmatch(str(use.name)):
        return f"The name of the {kind.title} has {kind.shape.described}: write it in full."
    if not declarations.file:
        if use is not lacking[0]:
            return f"It is in the file that is shown for `{lacking[0].name}`."
        return f"Make `{file}`:\n\n{_yaml(as_mlflow(map(_resource, lacking)))}"
    same = [each for each in lacking if each.kind == use.kind]
    if use is not same[0]:
        return f"It is in the lines that are shown for `{same[0].name}`."
    entries = as_mlflow(map(_resource, same))["databricks"]
    if any(each.kind == use.kind for each in declarations.resources):
        lines = indent(_yaml(entries[use.kind]), " " * 4)
        return f"Add it to `{file}`, under `{use.kind}:`:\n\n{lines}"
    return f"Add it to `{file}`, under `databricks:`:\n\n{indent(_yaml(entries), ' ' * 2)}"


def _resource(use: Use) -> Resource:
    return Resource(use.kind, str(use.name))


def _yaml(content: object) -> str:
    return str(yaml.safe_dump(content, sort_keys=False)).strip()
