"""Which code is the agent's."""

from __future__ import annotations

import sys
from collections.abc import Iterable


def is_agents(file: str, folders: Iterable[str]) -> bool:
    """Whether a file is in one of the agent's folders, which end with a separator.

    An environment that is kept in one of them isn't the agent's code.
    """
    return file.startswith(tuple(folders)) and not file.startswith(sys.prefix)
