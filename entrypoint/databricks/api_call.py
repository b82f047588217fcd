"""A question to a workspace, and how it is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from databricks.sdk.errors.base import DatabricksError

Found = TypeVar("Found")


@dataclass(frozen=True)
class ApiError:
    """The workspace answered with an error: its code, and its words."""

    code: str
    words: str

    @property
    def is_missing(self) -> bool:
        """Whether what was asked for isn't there, and the workspace would know."""
        return self.code in ("RESOURCE_DOES_NOT_EXIST", "ROUTINE_DOES_NOT_EXIST")


def try_call(question: Callable[[], Found]) -> Found | ApiError | None:
    """What the workspace answers; None when it doesn't."""
    try:
        return question()
    except DatabricksError as error:
        # The code is a number when the login is at fault.
        return ApiError(str(error.error_code or ""), str(error))
    except (OSError, ValueError):  # out of reach, or slow; no login
        return None
