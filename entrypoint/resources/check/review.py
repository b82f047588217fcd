"""The review of what the agent may use, as more and more is known of it."""

import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from packaging.version import Version

from entrypoint.resources import placeholder
from entrypoint.resources.check import api_scopes, dbutils, mlflow_support, not_declarable, pitfalls
from entrypoint.resources.check.existence import LookedUp
from entrypoint.resources.check.needed import needed, needs_declaration
from entrypoint.resources.check.undeclared import declared_but_unseen, possible, undeclared
from entrypoint.resources.dependencies import is_schema
from entrypoint.resources.kinds import KINDS, key
from entrypoint.resources.resource import Declarations, Use
from entrypoint.resources.scan import Findings
from entrypoint.resources.scan.pitfalls import Pitfalls
from entrypoint.resources.table import Table
from entrypoint.runtime.errors import Place, Problem, ResourceFailure
from entrypoint.runtime.log import Log


class Review:
    """Compares what is declared with what is seen; `level` is that of `check-resources`.

    `agent`: its file, for what has no place of its own; `file`: where the resources file is, or
    would be found.
    """

    def __init__(
        self, declarations: Declarations, level: str, agent: Place, file: str, log: Log
    ) -> None:
        self.table = Table()
        self._declarations = declarations
        self._level = level
        self._agent = agent
        self._file = declarations.file or file
        self._log = log
        self._uses: list[Use] = []
        self._reported: set[str] = set()
        self._has_unknown_user_access = False
        self._pitfalls = Pitfalls()
        self._exists: dict[tuple[str, str], str] = {}

    @property
    def to_look_up(self) -> list[tuple[str, str]]:
        """Kind and name of what the workspace is to be asked for, each once."""
        if self._level == "off":
            return []
        # `.` and `..` would change the request's path.
        known = (
            (each.kind, each.name)
            for each in self.table.lines
            if each.name.strip(".") and KINDS[each.kind].look_up
        )
        return list(dict.fromkeys(known))

    def code(self, findings: Findings) -> None:
        """Check the file against the code.

        Raises:
            ResourceFailure: something is used that isn't declared, or scopes are lacking.

        """
        self._add(findings.uses)
        declarations, warn = self._declarations, self._log.warning
        self._report(warn, _doubtful_names(declarations))
        self._report(warn, api_scopes.unknown(declarations))
        self._report(warn, api_scopes.refused(declarations, findings.uses))
        self._report(warn, api_scopes.without_direct_access(declarations, findings.uses))
        self._report(warn, pitfalls.at_load(findings.pitfalls))
        self._report(warn, dbutils.unavailable(findings.dbutils))
        self._report(self._log.notice, possible(declarations, findings.uses))
        self._report(self._log.notice, self._not_declarable())
        self._report(self._log.notice, pitfalls.older_interface(findings.pitfalls))
        self._report(self._log.notice, _unread(findings.unread))
        self._pitfalls = findings.pitfalls
        self._has_unknown_user_access = findings.has_unknown_user_access
        lacking = tuple(api_scopes.missing(declarations, self._uses, self._file))
        if any(api_scopes.unknown(declarations)):
            # One that isn't known here may be the new name of what seems to be lacking.
            self._report(warn, lacking)
            lacking = ()
        self._fail_or_warn((*self._undeclared(), *lacking))

    def mlflow(self, version: Version | None, flavor: str) -> None:
        """Check the file against the agent's own MLflow (None: no release) and the flavor.

        Raises:
            ResourceFailure: they can't record what is declared.

        """
        problems = [*mlflow_support.unsupported_by_flavor(self._declarations, flavor)]
        if version:
            problems += mlflow_support.too_old(self._declarations, version)
            self._report(self._log.warning, mlflow_support.not_served(self._declarations, version))
        if problems:
            raise ResourceFailure(*problems)

    def packages(self, names: set[str]) -> None:
        """Check the code against the packages of the agent's environment."""
        self._report(self._log.warning, pitfalls.without_bridge(self._pitfalls, names))

    def workspace(self, looked_up: LookedUp) -> None:
        """Check the resources against what the workspace says of them.

        Raises:
            ResourceFailure: one isn't there, or needs another that isn't declared.

        """
        answers = looked_up.answers
        self._exists = {each: answer.existence for each, answer in answers.items()}
        self.table.not_looked_up = looked_up.why_not
        self._add(())  # also when the code was not read
        self._add(needed(tuple(self.table.lines), answers, self._place))
        self._log.line(looked_up.summary)
        relied_on = {each: answers[each] for each in answers if self._is_relied_on(*each)}
        unclear = [
            f"{KINDS[kind].title} {name}: {answer.existence}: {answer.why}"
            for (kind, name), answer in relied_on.items()
            if answer.existence in ("can't tell", "unreachable")
        ]
        if unclear:
            self._report(self._log.notice, [_unclear(unclear)])
        missing = (
            _not_found(kind, name, answer.why, self._place(kind, name))
            for (kind, name), answer in relied_on.items()
            if answer.existence == "not found"
        )
        self._fail_or_warn((*missing, *self._undeclared()))

    def verified(self, uses: Iterable[Use], *, was_asked: bool) -> None:
        """Check the file against what was observed, and against what MLflow inferred.

        `was_asked`: the agent answered the example; else nothing can be said to be unused.

        Raises:
            ResourceFailure: something is used that isn't declared.

        """
        self._add(uses)
        if not self._has_unknown_user_access:
            self._report(self._log.warning, api_scopes.superfluous(self._declarations, self._uses))
        self._report(self._log.notice, self._not_declarable())
        if was_asked:
            self._report(self._log.notice, declared_but_unseen(self._declarations, self._uses))
        self._fail_or_warn(self._undeclared())

    def _add(self, uses: Iterable[Use]) -> None:
        self._uses = list(dict.fromkeys((*self._uses, *uses)))
        self.table.fill(self._declarations, self._uses, self._exists)

    def _not_declarable(self) -> Iterator[Problem]:
        return not_declarable.notices(self._declarations, self._uses, self._agent)

    def _is_relied_on(self, kind: str, name: str) -> bool:
        """Whether the agent fails without it, as far as can be told."""
        this = key(kind, name)
        return any(
            (line.declared or line.is_used_itself) and key(line.kind, line.name) == this
            for line in self.table.lines
        ) or any(
            use.through and needs_declaration(use) and key(use.kind, str(use.name)) == this
            for use in self._uses
        )

    def _undeclared(self) -> list[Problem]:
        return list(undeclared(self._declarations, self._uses, self._agent, self._file))

    def _place(self, kind: str, name: str) -> Place | None:
        """Where a resource is declared, else where the code names it."""
        this = key(kind, name)
        for each in self._declarations.declared:
            if key(each.resource.kind, each.resource.name) == this:
                return each.place
        named = (use for use in self._uses if use.name and use.place)
        return next((use.place for use in named if key(use.kind, use.name or "") == this), None)

    def _fail_or_warn(self, problems: Iterable[Problem]) -> None:
        """Report what is wrong, and wasn't reported yet, at the level of `check-resources`."""
        problems = [problem for problem in problems if problem.what not in self._reported]
        if problems and self._level == "error":
            raise ResourceFailure(*problems)
        self._report(self._log.warning, problems)

    def _report(self, log: Callable[[Problem], None], problems: Iterable[Problem]) -> None:
        for problem in problems:
            # Without the fix, which depends on the other problems.
            reported = f"{problem.place}: {problem.what}"
            if self._level != "off" and reported not in self._reported:
                log(problem)
            self._reported |= {reported, problem.what}


def _doubtful_names(declarations: Declarations) -> Iterator[Problem]:
    """Names of another shape than their kind's; those that can't work are refused when read."""
    for each in declarations.declared:
        name, shape = each.resource.name, KINDS[each.resource.kind].shape
        if placeholder.is_likely(name):
            why = f"looks like a placeholder for the name of a {KINDS[each.resource.kind].title}"
        elif not shape.pattern.fullmatch(name):
            why = f"does not look right for `{each.resource.kind}`"
        else:
            continue
        yield Problem(
            f"`resources-file`: `{name}` {why}: its `name` is {shape.described}.",
            place=each.place,
        )


def _unread(unread: tuple[tuple[Place, Place], ...]) -> Iterator[Problem]:
    if not unread:
        return
    lines = [
        f"{first.file}, line {first.line}" + (f" to {last.line}" if last.line != first.line else "")
        for first, last in unread
    ]
    yield Problem(
        "`agent-path`: some lines could not be read, so what they use is not checked: Python"
        f" {platform.python_version()}, with which log-agent reads code, can't parse them. The"
        " agent's own may be newer.",
        "Declare in the resources file what they use.",
        replace(unread[0][0], column=None),
        "\n".join(lines),
    )


def _not_found(kind: str, name: str, why: str, place: Place | None) -> Problem:
    missing = f"{KINDS[kind].title} `{name}`"
    if kind == "function" and is_schema(name):
        missing = f"schema `{name.removesuffix('.*')}`"
    return Problem(
        f"`resources-file`: the workspace has no {missing}.",
        "Correct the name, or make it there first. DATABRICKS_HOST names the workspace that was"
        " asked.",
        place,
        why,
    )


def _unclear(unclear: list[str]) -> Problem:
    return Problem(
        f"`resources-file`: whether {len(unclear)} of the resources exist could not be told.",
        "Some look-ups need more permissions than using the resource does: this needn't be wrong.",
        detail="\n".join(unclear),
    )
