"""MLflow's client, which retries where an answer can't be read or a token ends early."""

import re
import time
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, TypeVar, cast

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from entrypoint.registry.store_answers import (
    REFUSALS,
    UNREADABLE,
    is_blank,
    is_login_refused,
    is_unreadable,
)

Got = TypeVar("Got")
# Seconds between the attempts to get an answer that can be read.
_PAUSES = (0, 1)
# Sent again, these create another thing, or are refused: their caller looks for it first.
_NOT_REPEATABLE = re.compile(r"_?create_|log_outputs")
# One call of this sends several requests.
_COMPOSITE = "_create_model_version"


def retrying(client: MlflowClient, renew: Callable[[], bool]) -> MlflowClient:
    """The client, whose methods retry.

    `renew` fetches another token in place of one that was refused, and says whether there is one:
    MLflow reads it for each request. An answer that can't be read is an `MlflowException` in the
    end.
    """
    return cast("MlflowClient", _RetryingClient(client, renew))


def retried(request: Callable[[], Got], renew: Callable[[], bool]) -> Got:
    """The answer to a request that may be sent again, until it can be read; with a valid token.

    Raises:
        MlflowException: the answer can't be read.

    """
    return _with_valid_token(lambda: _readable(request, _PAUSES), renew)


class _RetryingClient:
    def __init__(self, client: MlflowClient, renew: Callable[[], bool]) -> None:
        self._client = client
        self._renew = renew

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        @wraps(method)
        def call(*arguments: Any, **named: Any) -> Any:
            once = partial(method, *arguments, **named)
            if name == _COMPOSITE:
                return self._composite(once)
            if _NOT_REPEATABLE.match(name):
                return _with_valid_token(lambda: _readable(once, ()), self._renew)
            return retried(once, self._renew)

        return call

    def _composite(self, once: Callable[[], Any]) -> Any:
        """The caller begins anew what was done in part, then with a valid token."""
        try:
            return _readable(once, ())
        except REFUSALS as error:
            if is_login_refused(error):
                self._renew()
            raise


def _with_valid_token(request: Callable[[], Got], renew: Callable[[], bool]) -> Got:
    try:
        return request()
    except REFUSALS as error:
        if not is_login_refused(error) or not renew():
            raise
    return request()


def _readable(request: Callable[[], Got], pauses: Sequence[float]) -> Got:
    for pause in (*pauses, None):
        try:
            answer = request()
        except (*REFUSALS, *UNREADABLE) as error:
            if is_login_refused(error) or not is_unreadable(error):
                raise
            unreadable: Exception = error
        else:
            if not is_blank(answer):
                return answer
            unreadable = ValueError("the answer is empty")
        if pause is not None:
            time.sleep(pause)
    raise MlflowException(f"The server's answer can't be read: {unreadable}") from unreadable
