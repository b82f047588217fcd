"""The time by the clock of a tracking store: a runner's may be wrong."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.rest_store import RestStore
from mlflow.utils.rest_utils import http_request

_PATH = "/api/2.0/mlflow/experiments/search"


class StoreClock:
    """Asks a server for its time once, when it is needed first."""

    def __init__(self, client: MlflowClient, tracking_uri: str) -> None:
        self._store = client._tracking_client.store  # noqa: SLF001 - MLflow shows no headers
        # Into a SQLite file, this machine writes the times.
        self._is_ours = tracking_uri.startswith("sqlite:")
        self._server_time: datetime | None = None
        self._asked_at: float | None = None

    def now(self) -> datetime | None:
        """The time, in UTC; None where the server doesn't send it."""
        if self._is_ours:
            return datetime.now(UTC)
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            self._server_time = self._ask()
        if self._server_time is None:
            return None
        return self._server_time + timedelta(seconds=time.monotonic() - self._asked_at)

    def _ask(self) -> datetime | None:
        if not isinstance(self._store, RestStore):
            return None
        try:
            response = http_request(  # type: ignore[no-untyped-call]
                self._store.get_host_creds(),
                _PATH,
                "GET",
                params={"max_results": 1},
                max_retries=1,
                raise_on_status=False,
            )
            date = parsedate_to_datetime(response.headers.get("Date", ""))
        except (MlflowException, OSError, ValueError):  # ValueError: it is no date
            return None
        return date if date.tzinfo else None
