"""GitHub's rate limits, and how long to wait for them.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

from urllib3 import BaseHTTPResponse, Retry
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, ResponseError

# In seconds. A runner that waits costs money; what is longer is for the next run of the job.
_LONGEST_WAIT = 60
_TRIES = 4
# GitHub answers some of its limits with 403, as it does what isn't permitted.
_REFUSALS = {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
_PASSING = {
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
# The whole new text is sent: doing it twice is doing it once. A POST may have been acted on.
_REPEATABLE = {"GET", "PATCH", "DELETE"}


def wait(headers: Mapping[str, str]) -> float | None:
    """Seconds after which GitHub wants to be asked again, None when it doesn't say.

    Its own clock counts, which it tells in every answer: a runner's may be wrong.
    """
    said = headers.get("Retry-After")
    try:
        if said and said.isdecimal():
            return timedelta(seconds=int(said)).total_seconds()
        now = parsedate_to_datetime(headers.get("Date", ""))
        if said:
            return _until(parsedate_to_datetime(said), now)
        if headers.get("X-RateLimit-Remaining") == "0":
            return _until(
                datetime.fromtimestamp(int(headers.get("X-RateLimit-Reset", "")), now.tzinfo), now
            )
    except (ValueError, TypeError, OverflowError):  # no dates, or a date without a zone
        pass
    return None


def _until(then: datetime, now: datetime) -> float:
    return max(0.0, (then - now).total_seconds())


class RateLimitPatience(Retry):
    """urllib3's retries, which know GitHub's limits and repeat nothing that may have been done."""

    @classmethod
    def of(cls, backoff: float) -> Self:
        """At once, then after 2, 4, ... times `backoff` seconds, where GitHub names no time."""
        return cls(
            total=_TRIES - 1,
            allowed_methods=_REPEATABLE,
            status_forcelist=_PASSING,
            backoff_factor=backoff,
            backoff_max=_LONGEST_WAIT,
            raise_on_status=False,
        )

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:  # noqa: FBT001, FBT002 - urllib3's signature
        # A request that was refused was not acted on, whatever its method.
        return status_code in _REFUSALS or super().is_retry(method, status_code, has_retry_after)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        if response is not None and not _is_worth_waiting_for(response):
            # With `raise_on_status` off this hands the response to the caller.
            raise MaxRetryError(_pool, url, ResponseError(str(response.status)))  # type: ignore[arg-type]
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        return wait(response.headers)


def _is_worth_waiting_for(response: BaseHTTPResponse) -> bool:
    seconds = wait(response.headers)
    if seconds is None:
        return response.status != HTTPStatus.FORBIDDEN
    return seconds <= _LONGEST_WAIT
