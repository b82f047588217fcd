"""What a Databricks workspace is asked while the agent's environment is made."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from entrypoint.background import beside
from entrypoint.errors import LoginFailure, Problem, PublishFailure
from entrypoint.plan import Plan
from entrypoint.registry.loan import connect
from entrypoint.registry.login import Login
from entrypoint.resources.existence import LookedUp

# Seconds for which answers are waited for: they are a comfort.
_PATIENCE = 60


@dataclass(frozen=True)
class Inquiry:
    """Questions under way: which resources exist, and whether publishing would be refused."""

    _looked_up: Future[LookedUp]
    _problems: Future[list[Problem]]

    @classmethod
    def begin(cls, plan: Plan, login: Login, resources: Sequence[tuple[str, str]]) -> "Inquiry":
        """Ask; nothing is asked where nobody is logged in."""
        return cls(
            beside(lambda: _look_up(resources, login)), beside(lambda: _preflight(plan, login))
        )

    def check(self) -> None:
        """See whether publishing would be refused.

        Raises:
            PublishFailure: it would.

        """
        try:
            problems = self._problems.result(_PATIENCE)
        except TimeoutError:
            return
        if problems:
            raise PublishFailure(*problems)

    @property
    def looked_up(self) -> LookedUp:
        """Which resources exist."""
        try:
            return self._looked_up.result(_PATIENCE)
        except TimeoutError:
            return LookedUp(why_not=f"the workspace did not answer within {_PATIENCE} seconds")


# What imports the Databricks SDK is imported below, late: a job without a login does without.
def _look_up(resources: Sequence[tuple[str, str]], login: Login) -> LookedUp:
    if problem := login.problem if resources else None:
        return LookedUp(why_not=problem.what.rstrip("."))
    from entrypoint.resources.live import look_up  # noqa: PLC0415

    try:
        return LookedUp(look_up(connect(login), resources))
    except (LoginFailure, ValueError, OSError) as error:
        # The SDK goes on with its whole configuration.
        return LookedUp(why_not=str(error).partition(". Config: ")[0])


def _preflight(plan: Plan, login: Login) -> list[Problem]:
    if not plan.needs_login or plan.stores is None or login.problem:
        return []
    from entrypoint.registry.preflight import check  # noqa: PLC0415

    registers = plan.mode == "register" and plan.stores.registers_at_databricks
    return check(
        connect(login),
        plan.inputs.uc_target if registers else None,
        plan.labels.experiment if plan.stores.tracks_at_databricks else None,
        login.who.name,
        sets_aliases=bool(plan.labels.aliases),
    )
