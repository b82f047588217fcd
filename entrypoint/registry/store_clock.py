"""The time as a tracking store has it: a runner's clock may be wrong."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.rest_store import RestStore
from mlflow.utils.rest_utils import http_request

_PATH = "/api/2.0/mlflow/experiments/search"


class StoreClock:
    """Asks a server for its time once, at the first question."""

    def __init__(self, client: MlflowClient, tracking_uri: str) -> None:
        self._store = client._tracking_client.store  # noqa: SLF001 - MLflow shows no headers
        # It is this machine that writes the times into a file.
        self._is_ours = tracking_uri.startswith("sqlite:")
        self._told: datetime | None = None
        self._asked_at: float | None = None

    def now(self) -> datetime | None:
        """The time, in UTC; None where the store doesn't tell."""
        if self._is_ours:
            return datetime.now(UTC)
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            self._told = self._ask()
        if self._told is None:
            return None
        return self._told + timedelta(seconds=time.monotonic() - self._asked_at)

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
