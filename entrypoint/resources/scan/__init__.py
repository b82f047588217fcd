"""What an agent's code uses of Databricks, found by reading it: see the README in this folder."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from entrypoint.resources.resource import Use
from entrypoint.resources.scan import dbutils_calls, pitfalls
from entrypoint.resources.scan.dbutils_calls import DbutilsCall
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.modules import Module, PlaceOf, position, reachable
from entrypoint.resources.scan.parsing import parsed
from entrypoint.resources.scan.pitfalls import Pitfalls
from entrypoint.resources.scan.user_access import UserAccess
from entrypoint.resources.scan.uses import UseFinder
from entrypoint.resources.scan.variable_reads import VariableReads
from entrypoint.resources.variables import VariableRead
from entrypoint.runtime.errors import Place

__all__ = ["Findings", "scan"]

# No agent has as many.
_MAX_USES = 2_000


@dataclass(frozen=True)
class Findings:
    """What the code uses, in its order, and what it does on behalf of the user.

    `pitfalls`: of serving. `has_unknown_user_access`: a client on behalf of the user is asked for
    something that isn't known here. `variables`: those of the environment that the code reads.
    `dbutils`: calls of what only notebooks have. `unread`: the first and the last line of what
    could not be parsed.
    """

    uses: tuple[Use, ...] = ()
    pitfalls: Pitfalls = field(default_factory=Pitfalls)
    has_unknown_user_access: bool = False
    variables: tuple[VariableRead, ...] = ()
    dbutils: tuple[DbutilsCall, ...] = ()
    unread: tuple[tuple[Place, Place], ...] = ()


def scan(
    agent: str,
    place: PlaceOf,
    code_paths: Path,
    code_paths_place: Callable[[Path, int, int], Place | None],
    config: Mapping[str, Any] | None,
    *,
    variables: Mapping[str, str] = MappingProxyType({}),
    workspace: str = "",
) -> Findings:
    """Read the agent's code and those modules under `code_paths` that it imports.

    `place` tells where a line and a column of the agent are in the checkout, `code_paths_place`
    where those of such a module are. `config` is what the agent's `ModelConfig` holds,
    `variables` those of the environment that the step gives and that are no secrets; `workspace` is
    the host of the agent's own workspace, if it is known.
    """
    code = parsed(agent)
    module = Module("<agent>", agent, code.tree, place, left_out=code.left_out)
    try:
        modules = reachable(module, code_paths, code_paths_place)
        evaluator = Evaluator(modules, config, variables)
        access = UserAccess(evaluator)
        finder = UseFinder(evaluator, access, workspace)
        return Findings(
            tuple(
                sorted(
                    itertools.islice(finder.uses(), _MAX_USES), key=lambda use: position(use.place)
                )
            ),
            pitfalls.find(evaluator, access),
            access.has_unknown_calls(finder.knows),
            VariableReads(evaluator).find()[:_MAX_USES],
            tuple(itertools.islice(dbutils_calls.calls(evaluator), _MAX_USES)),
            tuple(_unread(modules.values())),
        )
    except RecursionError:  # code that nests endlessly is no agent's
        return Findings()


def _unread(modules: Iterable[Module]) -> Iterator[tuple[Place, Place]]:
    for module in modules:
        for lines in module.left_out:
            first, last = module.place(lines.first, 1), module.place(lines.last, 1)
            if first and last:
                yield first, last
