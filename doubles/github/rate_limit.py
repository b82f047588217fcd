"""The primary rate limit."""

import time
from dataclasses import dataclass, field

from doubles.github.refusal import Refusal


@dataclass
class RateLimit:
    """All tokens share it; `reset` is in seconds since the epoch."""

    limit: int = 5000
    remaining: int = 5000
    reset: int = field(default_factory=lambda: int(time.time()) + 3600)

    def use_up(self, seconds: int) -> None:
        """Nothing is left for some seconds."""
        self.remaining = 0
        self.reset = int(time.time()) + seconds

    def take(self) -> None:
        """Count a request.

        Raises:
            Refusal: it is one too many.

        """
        if time.time() >= self.reset:
            self.remaining, self.reset = self.limit, int(time.time()) + 3600
        if not self.remaining:
            raise Refusal(403, "API rate limit exceeded for installation ID 1.")
        self.remaining -= 1

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says of it."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.limit - self.remaining),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Resource": "core",
        }
