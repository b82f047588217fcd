"""What a Databricks workspace is asked while the agent's environment is made."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from entrypoint.databricks.auth.delegation import connect
from entrypoint.databricks.auth.login import Login
from entrypoint.databricks.store_errors import message_of
from entrypoint.jobs.plan import Plan
from entrypoint.resources.check.existence import LookedUp
from entrypoint.runtime.background import in_background
from entrypoint.runtime.errors import LoginFailure, Problem, PublishFailure

if TYPE_CHECKING:  # it takes a while to import, which a job without a login needn't wait for
    from databricks.sdk import WorkspaceClient

# Seconds for which answers are waited for: they are a comfort.
_PATIENCE = 60


@dataclass(frozen=True)
class WorkspaceChecks:
    """Questions under way: which resources exist, and what the login may do with the target."""

    _looked_up: Future[LookedUp]
    _problems: Future[list[Problem]]
    _may_write: Future[bool | None]

    @classmethod
    def begin(
        cls, plan: Plan, login: Login, resources: Sequence[tuple[str, str]]
    ) -> "WorkspaceChecks":
        """Ask, if there is anything to ask; nothing is asked where nobody is logged in."""
        client: Future[WorkspaceClient] = Future()
        if resources or plan.needs_login or _previews_target(plan):
            client = in_background(lambda: connect(login))
        return cls(
            in_background(lambda: _look_up(resources, client)),
            in_background(lambda: _preflight(plan, login, client)),
            in_background(lambda: _may_write(plan, login, client)),
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
    def preview_can_write(self) -> bool | None:
        """Whether a preview's login may write the target; None where it isn't known."""
        try:
            return self._may_write.result(_PATIENCE)
        except TimeoutError:
            return None

    @property
    def looked_up(self) -> LookedUp:
        """Which resources exist."""
        try:
            return self._looked_up.result(_PATIENCE)
        except TimeoutError:
            return LookedUp(why_not=f"the workspace did not answer within {_PATIENCE} seconds")


# What imports the Databricks SDK is imported below, late.
def _look_up(resources: Sequence[tuple[str, str]], client: "Future[WorkspaceClient]") -> LookedUp:
    if not resources:
        return LookedUp()
    try:
        workspace = client.result()
        from entrypoint.resources.check.existence_lookup import look_up  # noqa: PLC0415

        return LookedUp(look_up(workspace, resources))
    except (LoginFailure, ValueError, OSError) as error:
        return LookedUp(why_not=message_of(error).rstrip("."))


def _preflight(plan: Plan, login: Login, client: "Future[WorkspaceClient]") -> list[Problem]:
    if not plan.needs_login or plan.stores is None:
        return []
    try:
        workspace = client.result()
    except (LoginFailure, ValueError, OSError):
        return []
    from entrypoint.databricks.preflight import check  # noqa: PLC0415

    registers = plan.mode == "register" and plan.stores.registers_at_databricks
    return check(
        workspace,
        plan.inputs.uc_target if registers else None,
        plan.labels.experiment if plan.stores.tracks_at_databricks else None,
        login.identity.name,
        sets_aliases=bool(plan.labels.aliases),
    )


def _previews_target(plan: Plan) -> bool:
    """Whether it is a preview of what is to be registered at Databricks."""
    is_at_databricks = plan.stores is not None and plan.stores.registers_at_databricks
    return plan.mode == "preview" and plan.inputs.uc_target is not None and is_at_databricks


def _may_write(plan: Plan, login: Login, client: "Future[WorkspaceClient]") -> bool | None:
    target = plan.inputs.uc_target
    if target is None or not _previews_target(plan):
        return None
    try:
        workspace = client.result()
    except (LoginFailure, ValueError, OSError):
        return None
    from entrypoint.databricks.preflight import may_write  # noqa: PLC0415

    return may_write(workspace, target, login.identity.name)
