"""Names that hardly are what they should be."""

from collections.abc import Iterator

from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Declarations
from entrypoint.runtime.errors import Problem


def doubtful(declarations: Declarations) -> Iterator[Problem]:
    """Names of another shape than their kind's; those that can't work are refused when read."""
    for each in declarations.declared:
        kind = KINDS[each.resource.kind]
        if not kind.shape.pattern.fullmatch(each.resource.name):
            yield Problem(
                f"`resources-file`: `{each.resource.name}` does not look right for"
                f" `{each.resource.kind}`: its `name` is {kind.shape.described}.",
                place=each.place,
            )
