"""What a workspace answers when it is asked whether resources exist."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Existence = Literal["found", "not found", "can't tell", "unreachable"]


@dataclass(frozen=True)
class ExistenceAnswer:
    """What the workspace says of one resource; `why` is its own words, untrusted text.

    `dependencies`: kind and name of what the resource needs besides.

    "can't tell" where the principal may not look: some look-ups need more rights than use does, and
    a Genie space that isn't there is answered like one that is forbidden.
    """

    existence: Existence
    why: str = ""
    dependencies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LookedUp:
    """The answers by kind and name, or why the workspace wasn't asked."""

    answers: Mapping[tuple[str, str], ExistenceAnswer] = field(default_factory=dict)
    why_not: str = ""

    @property
    def summary(self) -> str:
        """How many were found, for the log."""
        if self.why_not:
            return f"not looked up: {self.why_not}"
        found = sum(answer.existence == "found" for answer in self.answers.values())
        return f"{found} of {len(self.answers)} resources found in the workspace"
