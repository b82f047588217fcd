"""Who asks: the tokens that the double knows."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal


@dataclass(frozen=True)
class Token:
    """A token, whose it is, and what it may write; every token may read all but workflow runs."""

    login: str
    user_id: int
    kind: Literal["Bot", "User"] = "Bot"
    writes: frozenset[str] = frozenset()
    reads_actions: bool = False
    value: str = field(default_factory=lambda: f"ghs_{secrets.token_hex(18)}", repr=False)

    @property
    def refusal(self) -> str:
        """What GitHub says when the token may not do something."""
        kind = "integration" if self.kind == "Bot" else "personal access token"
        return f"Resource not accessible by {kind}"


_ALL = frozenset({"pull-requests", "contents"})


class Tokens:
    """The job's own (GITHUB_TOKEN), one that only reads, a person's, and another app's."""

    def __init__(self) -> None:
        self.job = Token("github-actions[bot]", 41898282, writes=_ALL, reads_actions=True)
        # Forks' and Dependabot's jobs have it.
        self.read_only = Token("github-actions[bot]", 41898282)
        self.person = Token(
            "hubot", 480938, "User", _ALL, value=f"github_pat_{secrets.token_hex(18)}"
        )
        self.app = Token("acme-releases[bot]", 77001234, writes=_ALL)
        self._more: list[Token] = []

    def job_with(self, *writes: str) -> Token:
        """The token of a job whose `permissions:` allow it to write this and no more."""
        token = replace(
            self.job,
            writes=frozenset(writes),
            reads_actions=False,
            value=f"ghs_{secrets.token_hex(18)}",
        )
        self._more.append(token)
        return token

    def of(self, authorization: str) -> Token | None:
        """Whose the header is."""
        return next((each for each in self if authorization == f"Bearer {each.value}"), None)

    def __iter__(self) -> Iterator[Token]:
        yield from (self.job, self.read_only, self.person, self.app, *self._more)
