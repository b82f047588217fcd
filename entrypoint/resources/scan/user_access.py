"""On whose behalf the code uses Databricks: the user's who asks, or the service principal's."""

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator

from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.scopes import LexicalScope
from entrypoint.resources.scan.values import MAX_CLIENT_LEVELS, CallResult, Symbol, Value, Values
from entrypoint.runtime.errors import Place

# What makes a client act on behalf of the user who asks, and not of the service principal.
_USER_CREDENTIALS = ("ModelServingUserCredentials", "MODEL_SERVING_USER_CREDENTIALS")
# What makes a client, or wraps one, and sends no request.
_MAKES_A_CLIENT = (
    *("Config", "WorkspaceClient", "DatabricksFunctionClient", "DatabricksOAuthClientProvider"),
    *("get_open_ai_client", "VectorSearchClient", "AISearchClient", "as_retriever"),
)


class UserAccess:
    """Tells which calls act on behalf of the user."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        texts = [scope.module.text for scope in evaluator.modules.values()]
        self._is_mentioned = any(name in text for name in _USER_CREDENTIALS for text in texts)

    def of(
        self, call: ast.Call, scope: LexicalScope, client: CallResult | None, level: int = 0
    ) -> set[bool]:
        """Whether a call acts for the user, as all possible answers.

        {True} where its client or an argument certainly has the user's credentials, {True, False}
        where one may have them, else {False}.
        """
        found = [self.of(client.call, client.scope, client.of, level + 1)] if client else []
        if level <= MAX_CLIENT_LEVELS:
            found += [
                {each for value in values for each in self._of_value(value, level)}
                for values in self._arguments(call, scope)
            ]
        can_be_user = any(True in each for each in found)
        return {can_be_user} if {True} in found or not can_be_user else {True, False}

    def _of_value(self, value: Value, level: int) -> set[bool]:
        """Of a client, or of the credentials for one; nothing for anything else."""
        if _is_user_credentials(value):
            return {True}
        if isinstance(value, CallResult):
            return self.of(value.call, value.scope, value.of, level + 1)
        return set()

    def _arguments(self, call: ast.Call, scope: LexicalScope) -> Iterator[Values]:
        """The values of each argument; what stands in a dictionary counts as one too."""
        for node in (*call.args, *(keyword.value for keyword in call.keywords)):
            values = self._evaluator.values(node, scope)
            yield (*values, *itertools.chain(*map(self._evaluator.containers.entries, values)))

    def clients(self, scopes: Iterable[LexicalScope]) -> Iterator[Place]:
        """Where a client for the user is made in the scopes."""
        for scope in scopes if self._is_mentioned else ():
            for call in scope.calls:
                place = scope.module.place_of(call)
                given = itertools.chain(*self._arguments(call, scope))
                if place and any(map(_is_user_credentials, given)):
                    yield place

    def has_unknown_calls(self, is_known: Callable[[str], bool]) -> bool:
        """Whether a client for the user is asked for something that isn't known here."""
        return self._is_mentioned and any(
            isinstance(value, Symbol)
            and value.of
            and True in self.of(value.of.call, value.of.scope, value.of.of)
            and not is_known(value.path)
            and not value.path.endswith(_MAKES_A_CLIENT)
            for scope in self._evaluator.scopes
            for call in scope.calls
            for value in self._evaluator.values(call.func, scope)
        )


def _is_user_credentials(value: Value) -> bool:
    return isinstance(value, CallResult | Symbol) and value.path.endswith(_USER_CREDENTIALS)
