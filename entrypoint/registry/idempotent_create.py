"""Creating each thing once, though answers get lost."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from mlflow.exceptions import MlflowException

from entrypoint.registry.store_answers import REFUSALS, is_login_refused

Made = TypeVar("Made")
_TOO_SLOW, _TOO_OFTEN, _BROKEN = 408, 429, 500
_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"


class IdempotentCreate:
    """MLflow's client sends a request again whose answer was lost, so a create can act twice.

    Here, the first time it may not; when that fails, what may have been made is looked for.
    """

    def __init__(self) -> None:
        self.in_doubt = False
        """Whether something may have been made twice: a server can act after the time-out, too."""

    def make(self, create: Callable[[], Made], find: Callable[[], Made | None]) -> Made:
        """Make something, or find what an earlier try has made."""
        try:
            with _without_retries():
                return create()
        except REFUSALS as error:
            if isinstance(error, MlflowException) and not _may_pass(error):
                raise
        self.in_doubt = True
        if (found := find()) is not None:
            return found
        try:
            return create()
        except REFUSALS:
            # It may be the answer to a request that was sent again.
            if (found := find()) is not None:
                return found
            raise


def _may_pass(error: MlflowException) -> bool:
    """Whether asking again can help: the server was not reached, was busy, or broke.

    So it is with a token that was refused half-way: there is a new one now, or none will do.
    """
    status: int = error.get_http_status_code()  # type: ignore[no-untyped-call]
    return is_login_refused(error) or status in (_TOO_SLOW, _TOO_OFTEN) or status >= _BROKEN


@contextmanager
def _without_retries() -> Iterator[None]:
    """MLflow reads its environment for every request.

    https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html
    """
    before = os.environ.get(_RETRIES)
    os.environ[_RETRIES] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_RETRIES]
        else:
            os.environ[_RETRIES] = before
