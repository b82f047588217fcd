"""Creating each thing once, though answers get lost."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TypeVar

from mlflow.exceptions import MlflowException

from entrypoint.registry.cancellation import best_effort_cleanup, deferred_signals
from entrypoint.registry.store_answers import REFUSALS, is_login_refused

Created = TypeVar("Created")
_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class IdempotentCreate:
    """Creates things without MLflow's retries, which can create a thing twice.

    MLflow's client sends a request again whose answer was lost. Here the first request is sent
    once, and where it fails, what it may have created is looked for before another is sent.
    """

    def __init__(self) -> None:
        self.in_doubt = False
        """Whether a thing may exist twice: a server can carry out a request after its time-out."""

    def create_or_find(
        self, create: Callable[[], Created], find: Callable[[], Created | None]
    ) -> Created:
        """Create something, or find what an earlier request has created."""
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
            # It may be the answer to a request that MLflow sent again.
            if (found := find()) is not None:
                return found
            raise

    @contextmanager
    def created(
        self,
        create: Callable[[], Created],
        find: Callable[[], Created | None],
        give_up: Callable[[Created, BaseException], None],
    ) -> Iterator[Created]:
        """Create something for the `with` block, after whose error `give_up` ends it.

        That includes an error while it is created: what exists then is found.
        """
        made: Created | None = None
        try:
            with deferred_signals():
                made = self.create_or_find(create, find)
            yield made
        except BaseException as error:
            with best_effort_cleanup(error):
                if (made := find() if made is None else made) is not None:
                    give_up(made, error)
            raise


def _may_pass(error: MlflowException) -> bool:
    """Whether another request can help: the server was not reached, was busy, or broke.

    So it is with a token that was refused meanwhile: there is a new one now, or none will do.
    """
    status: int = error.get_http_status_code()  # type: ignore[no-untyped-call]
    is_passing = status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return is_login_refused(error) or is_passing


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
