"""What a Databricks workspace is asked in the background, while the agent's environment is made."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from entrypoint.databricks.auth.delegation import connect
from entrypoint.databricks.auth.login import Login
from entrypoint.databricks.store_errors import message_of, says_token_refused
from entrypoint.inputs.model_name import ModelName
from entrypoint.resources.check.existence import LookedUp
from entrypoint.runtime.background import in_background
from entrypoint.runtime.errors import LoginFailure, Problem

if TYPE_CHECKING:  # it takes a while to import, which a job without a login needn't wait for
    from databricks.sdk import WorkspaceClient

Known = TypeVar("Known")


class WorkspaceChecks:
    """Questions to the workspace; without a login, nothing is asked and nothing is known.

    What imports the Databricks SDK is imported by the questions, late.
    """

    def __init__(self, login: Login) -> None:
        self._login = login
        self._client: Future[WorkspaceClient] | None = None

    def existing(self, resources: Sequence[tuple[str, str]]) -> Future[LookedUp]:
        """Which resources exist, each a kind and a name."""

        def look_up(workspace: "WorkspaceClient") -> LookedUp:
            from entrypoint.resources.check import existence_lookup  # noqa: PLC0415

            answers = existence_lookup.look_up(workspace, resources)
            if not any(says_token_refused(answer.why) for answer in answers.values()):
                return LookedUp(answers)
            if not self._login.renew():
                return LookedUp(why_not=self._login.refused().what.rstrip("."))
            return LookedUp(existence_lookup.look_up(connect(self._login), resources))

        def unknown(error: Exception) -> LookedUp:
            return LookedUp(why_not=message_of(error).rstrip("."))

        return self._ask(look_up, unknown)

    def refusals(
        self, target: ModelName | None, experiment: str | None, *, sets_aliases: bool
    ) -> Future[list[Problem]]:
        """What publishing would be refused for, as far as the workspace tells beforehand."""

        def check(workspace: "WorkspaceClient") -> list[Problem]:
            from entrypoint.databricks.preflight import check  # noqa: PLC0415

            name = self._login.identity.name
            return check(workspace, target, experiment, name, sets_aliases=sets_aliases)

        return self._ask(check, lambda _error: [])

    def can_write(self, target: ModelName) -> Future[bool | None]:
        """Whether the login may write the target; None where it isn't known."""

        def check(workspace: "WorkspaceClient") -> bool | None:
            from entrypoint.databricks.preflight import may_write  # noqa: PLC0415

            return may_write(workspace, target, self._login.identity.name)

        return self._ask(check, lambda _error: None)

    def _ask(
        self,
        question: "Callable[[WorkspaceClient], Known]",
        otherwise: Callable[[Exception], Known],
    ) -> Future[Known]:
        client = self._client = self._client or in_background(lambda: connect(self._login))

        def ask() -> Known:
            try:
                return question(client.result())
            except (LoginFailure, ValueError, OSError) as error:
                return otherwise(error)

        return in_background(ask)
