"""MLflow's client, patient with answers that can't be read and with tokens that end early."""

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
# Asked again, these would make another one, or be refused: who calls them looks for it first.
_NOT_REPEATABLE = re.compile(r"_?create_|log_outputs")
# One call, many requests.
_COMPOSITE = "_create_model_version"


def retrying(client: MlflowClient, renew: Callable[[], bool]) -> MlflowClient:
    """The client with every method made patient.

    `renew` fetches another token in place of one that was refused, and says whether there is one:
    MLflow reads it for each request. What can't be read in the end is an `MlflowException`.
    """
    return cast("MlflowClient", _RetryingClient(client, renew))


def patiently(ask: Callable[[], Got], renew: Callable[[], bool]) -> Got:
    """Ask for what may be asked again, until the answer can be read, and with a token that is good.

    Raises:
        MlflowException: the answer can't be read.

    """
    return _with_a_good_token(lambda: _readable(ask, _PAUSES), renew)


class _RetryingClient:
    def __init__(self, client: MlflowClient, renew: Callable[[], bool]) -> None:
        self._client = client
        self._renew = renew

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        @wraps(method)
        def ask(*arguments: Any, **named: Any) -> Any:
            once = partial(method, *arguments, **named)
            if name == _COMPOSITE:
                return self._in_parts(once)
            if _NOT_REPEATABLE.match(name):
                return _with_a_good_token(lambda: _readable(once, ()), self._renew)
            return patiently(once, self._renew)

        return ask

    def _in_parts(self, once: Callable[[], Any]) -> Any:
        """What has been done in part is for its caller to begin anew, with a good token."""
        try:
            return _readable(once, ())
        except REFUSALS as error:
            if is_login_refused(error):
                self._renew()
            raise


def _with_a_good_token(ask: Callable[[], Got], renew: Callable[[], bool]) -> Got:
    try:
        return ask()
    except REFUSALS as error:
        if not is_login_refused(error) or not renew():
            raise
    return ask()


def _readable(ask: Callable[[], Got], pauses: Sequence[float]) -> Got:
    for pause in (*pauses, None):
        try:
            answer = ask()
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
