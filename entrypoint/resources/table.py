"""The resources as the report shows them: one line each, with where each was seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from entrypoint.resources.kinds import DECLARABLE, KINDS, key
from entrypoint.resources.resource import Declarations, Use


@dataclass
class Line:
    """One resource; `name` is empty for uses whose name isn't known, `exists` when unasked."""

    kind: str
    title: str
    name: str
    on_behalf_of_user: bool
    declared: bool = False
    in_code: bool = False
    observed: bool = False
    exists: str = ""
    through: tuple[tuple[str, str], ...] = ()
    """Kind and name of the resources that need it."""

    @property
    def is_declarable(self) -> bool:
        """Whether there is an MLflow that records the kind."""
        return self.kind in DECLARABLE

    @property
    def is_used_itself(self) -> bool:
        """Whether the agent uses it, and not only what is shown in `through`."""
        return self.in_code or self.observed or not self.through


@dataclass
class Table:
    """The resources of the report, also of a failed job; `fill` is called as more is known."""

    lines: list[Line] = field(default_factory=list)
    not_looked_up: str = ""
    """Why the workspace was not asked whether they exist."""

    @classmethod
    def of_accesses(cls, accesses: Iterable[tuple[str, str, bool]]) -> Self:
        """What a registered version may use: kind, name, and whether on behalf of the user."""
        return cls(
            [
                Line(kind, _title(kind), name, on_behalf_of_user=on_behalf, declared=True)
                for kind, name, on_behalf in sorted(accesses)
            ]
        )

    def fill(
        self,
        declarations: Declarations,
        uses: Iterable[Use],
        exists: Mapping[tuple[str, str], str],
    ) -> None:
        """Make the lines anew from all that is known now."""
        self.lines[:] = _lines(declarations, uses, exists)


def _title(kind: str) -> str:
    """What people call a kind, also one that only newer versions of MLflow have."""
    return KINDS[kind].title if kind in KINDS else kind.replace("_", " ")


def _lines(
    declarations: Declarations, uses: Iterable[Use], exists: Mapping[tuple[str, str], str]
) -> tuple[Line, ...]:
    """The declared ones first, in the file's order, then those that were only seen."""
    table: dict[tuple[tuple[str, str], bool], Line] = {}

    def line(kind: str, name: str, *, for_the_user: bool) -> Line:
        title = KINDS[kind].title
        return table.setdefault(
            (key(kind, name), for_the_user), Line(kind, title, name, for_the_user)
        )

    for resource in declarations.resources:
        line(
            resource.kind, resource.name, for_the_user=bool(resource.on_behalf_of_user)
        ).declared = True
    for use in uses:
        if (
            not use.certain
            and (key(use.kind, use.name or ""), _is_for_user(table, use)) not in table
        ):
            continue  # one of several, of which another may be the one
        each = line(use.kind, use.name or "", for_the_user=_is_for_user(table, use))
        if use.through:
            each.through = tuple(dict.fromkeys((*each.through, use.through)))
            continue
        each.in_code |= use.source != "observed"
        each.observed |= use.source == "observed"
    for each in table.values():
        each.exists = exists.get((each.kind, each.name), "")
    return tuple(table.values())


def _is_for_user(table: Mapping[tuple[tuple[str, str], bool], Line], use: Use) -> bool:
    """Whether a use is on behalf of the user: only code shows it; else the declaration decides."""
    if use.source == "code":
        return use.on_behalf_of_user
    this = key(use.kind, use.name or "")
    return (this, False) not in table and (this, True) in table
