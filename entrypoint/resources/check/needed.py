"""What the resources that an agent uses need besides, as the workspace says."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from entrypoint.resources.check.existence import ExistenceAnswer
from entrypoint.resources.dependencies import is_schema
from entrypoint.resources.kinds import KINDS, key
from entrypoint.resources.resource import Use
from entrypoint.resources.table import Line
from entrypoint.runtime.errors import Place


def needed(
    lines: Iterable[Line],
    answers: Mapping[tuple[str, str], ExistenceAnswer],
    place_of: Callable[[str, str], Place | None],
) -> Iterator[Use]:
    """The uses of all that is needed by what the agent itself, and not the user, may use.

    `place_of`: where a resource is declared, or used.
    """
    known = {key(*each): answer for each, answer in answers.items()}
    parents = deque(
        ((each.kind, each.name), place_of(each.kind, each.name))
        for each in lines
        if each.name and not each.on_behalf_of_user
    )
    done = set()
    while parents:
        parent, place = parents.popleft()
        if key(*parent) in done or key(*parent) not in known:
            continue
        done.add(key(*parent))
        for kind, name in known[key(*parent)].dependencies:
            by = f"the {KINDS[parent[0]].title} `{parent[1]}`"
            yield Use(kind, name, by, "dependency", place, through=parent)
            parents.append(((kind, name), place))


def needs_declaration(use: Use) -> bool:
    """Whether the agent's own identity needs access, for a use that is certain.

    Not to what a function uses: its body runs with the rights of its owner.
    https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-authorized-user
    """
    return use.through is None or use.through[0] != "function" or is_schema(use.through[1])
