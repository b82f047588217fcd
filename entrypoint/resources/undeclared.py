"""What is used and not declared: it works here, and is a 403 on the endpoint days later."""

from collections.abc import Iterable, Iterator

import yaml

from entrypoint.errors import Place, Problem
from entrypoint.resources.file import as_mlflow
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Declarations, Resource, Use

_SEEN = {
    "code": "`{by}` uses",
    "observed": "while it answered the example, the agent used (`{by}`)",
    "inferred": "MLflow finds in the LangChain object",
}


def key(kind: str, name: str) -> tuple[str, str]:
    """What tells one resource from another: Unity Catalog's names have no case."""
    return kind, name.lower() if KINDS[kind].shape.strict else name


def undeclared(
    declarations: Declarations, uses: Iterable[Use], agent: Place, file: str
) -> Iterator[Problem]:
    """A problem for each resource that is used and not declared.

    Not for one that the agent uses on behalf of the user, which its scope covers. `file`: where
    the resources file is, or would be found; `agent`: for a use without a place of its own.
    """
    uses = tuple(uses)
    declared = {key(each.kind, each.name) for each in declarations.resources}
    lacking: dict[tuple[str, str], list[Use]] = {}
    for use in uses:
        if use.name and not use.on_behalf_of_user and key(use.kind, use.name) not in declared:
            if use.source != "code" and _is_for_the_user(use, uses):
                continue
            lacking.setdefault(key(use.kind, use.name), []).append(use)
    for number, group in enumerate(lacking.values()):
        first = group[0]
        # Without a file, the first problem shows the whole one that is to be made.
        whole = number == 0 and not declarations.file
        paste = _yaml([each[0] for each in lacking.values()] if whole else [first], whole=whole)
        fix = f"Make `{file}`:" if whole else f"Add it to `{file}`, under `databricks:`:"
        places = [str(use.place) for use in group[1:] if use.place]
        yield Problem(
            f"`resources-file`: {_SEEN[first.source].format(by=first.by)} the"
            f" {KINDS[first.kind].title} `{first.name}`, which is not declared: serving would"
            " refuse it (403).",
            f"{fix}\n\n{paste}",
            first.place or _place_of(first, uses) or agent,
            "Also at " + ", ".join(dict.fromkeys(places)) if places else "",
        )


def unseen(declarations: Declarations, uses: Iterable[Use]) -> Iterator[Problem]:
    """Declared resources of which nothing was seen.

    Not where the agent uses one of the kind whose name isn't known: that may be it.
    """
    uses = tuple(uses)
    seen = {key(use.kind, use.name) for use in uses if use.name}
    unclear = {use.kind for use in uses if not use.name}
    for each in declarations.declared:
        resource = each.resource
        if resource.kind not in unclear and key(resource.kind, resource.name) not in seen:
            title = KINDS[resource.kind].title
            yield Problem(
                f"`resources-file`: the {title} `{resource.name}` is declared, and neither the code"
                " nor the example was seen to use it.",
                "Keep it if something needs it that the agent uses: the model that embeds for an"
                " index, the tables of a function.",
                each.place,
            )


def _is_for_the_user(use: Use, uses: Iterable[Use]) -> bool:
    """Whether the code uses this, or one that isn't known, on behalf of the user."""
    return any(
        other.on_behalf_of_user and other.kind == use.kind and other.name in (use.name, None)
        for other in uses
    )


def _place_of(use: Use, uses: Iterable[Use]) -> Place | None:
    """Where the code uses one of the kind by a name that isn't known there."""
    places = (other.place for other in uses if other.kind == use.kind and not other.name)
    return next((place for place in places if place), None)


def _yaml(uses: list[Use], *, whole: bool) -> str:
    """The lines to paste: a `whole` file, or what belongs under a kind."""
    lines = as_mlflow(Resource(use.kind, str(use.name)) for use in uses)
    return str(yaml.safe_dump(lines if whole else lines["databricks"], sort_keys=False)).strip()
