"""One request to a workspace, whose refusal is an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from databricks.sdk.errors.base import DatabricksError

Found = TypeVar("Found")


@dataclass(frozen=True)
class ApiError:
    """The error with which the workspace answered: its code and its message."""

    code: str
    message: str

    @property
    def is_missing(self) -> bool:
        """Whether the thing doesn't exist, said by a workspace that let us look."""
        return self.code in ("RESOURCE_DOES_NOT_EXIST", "ROUTINE_DOES_NOT_EXIST")


def try_call(request: Callable[[], Found]) -> Found | ApiError | None:
    """The workspace's answer; None where it doesn't answer, or there is no login."""
    try:
        return request()
    except DatabricksError as error:
        # The code is a number when the token is refused.
        return ApiError(str(error.error_code or ""), str(error))
    except (OSError, ValueError):  # unreachable or slow; no login
        return None
