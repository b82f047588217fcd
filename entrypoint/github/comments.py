"""The comment on a pull request: one for each target, written anew in place."""

from collections.abc import Sequence

from entrypoint.github import marker
from entrypoint.github.api import Api
from entrypoint.github.api_answers import Answer
from entrypoint.github.api_errors import GitHubError, Purpose
from entrypoint.github.marker import Posted
from entrypoint.runtime.errors import Problem

# GitHub counts characters; in bytes there are never fewer.
LIMIT = 65_536
_FINGERPRINT = 64


class Author(Answer):
    """Who wrote a comment."""

    login: str


class Written(Answer):
    """A comment as it stands on GitHub; there is no author when the account was deleted."""

    id: int
    html_url: str
    body: str | None = None
    user: Author | None = None

    def begins_with(self, *beginnings: str) -> bool:
        """Whether it has one of the markers."""
        return (self.body or "").startswith(beginnings)


class Comment:
    """The comment of one target, found by a hidden first line among the token's own comments.

    `key` names the target: the registered model, or the agent's path.
    """

    def __init__(self, api: Api, number: int, key: str) -> None:
        self._api = api
        self._path = f"issues/{number}/comments"
        self._marker = marker.begin(key)
        self._purpose = Purpose(
            f"comment on pull request #{number}", ("contents: read", "pull-requests: write")
        )

    @property
    def room(self) -> int:
        """How long the body may be, in bytes of UTF-8."""
        return LIMIT - len(self._head("0" * _FINGERPRINT))

    @property
    def _in_place_of(self) -> tuple[str, ...]:
        """The markers of the comments that it replaces."""
        return (self._marker,)

    def post(self, body: str, fingerprint: str, *, only_if_there: bool = False) -> Posted | None:
        """Create the comment, or bring it up to date; `only_if_there`: None if there is none.

        A comment with the same `fingerprint` (64 characters at most) says the same already, in
        whatever words, and is left alone.

        Raises:
            GitHubError: GitHub doesn't take it.

        """
        head = self._head(fingerprint)
        # What can't be sent as UTF-8 (half a character) becomes a question mark.
        text = f"{head}{body}".encode(errors="replace")
        if len(text) > LIMIT:
            raise GitHubError(
                Problem(f"The comment is longer than {LIMIT} bytes; it was not sent.")
            )
        try:
            return self._post(text.decode(), head, only_if_there=only_if_there)
        except GitHubError as refused:
            if not refused.may_have_acted:
                raise
        # If it has, the comment is found now.
        return self._post(text.decode(), head, only_if_there=only_if_there)

    def _head(self, fingerprint: str) -> str:
        return f"{self._marker}\n{marker.content(fingerprint)}\n"

    def _post(self, text: str, head: str, *, only_if_there: bool) -> Posted | None:
        mine = self._mine(*self._in_place_of)
        if mine:
            # Several were left by a job that was killed before it could remove its own.
            return self._rewrite(mine, text, head)
        return None if only_if_there else self._create(text, head)

    def _create(self, text: str, head: str) -> Posted:
        created = self._api.post(self._path, self._purpose, {"body": text}, Written)
        # A job that ran at the same time found none either. The first comment stays; whoever made
        # a later one came later, and knows better what it should say.
        login = created.user.login if created.user else ""
        first = next(iter(self._mine(self._marker, login=login)), created)
        if first.id >= created.id:
            return Posted(created.html_url, "created")
        return self._rewrite([first, created], text, head)

    def _mine(self, *beginnings: str, login: str = "") -> list[Written]:
        """The comments with one of these beginnings, written with this token, oldest first."""
        marked = [
            comment
            for comment in self._api.items(self._path, self._purpose, Written)
            if comment.begins_with(*beginnings)
        ]
        if not marked:
            return []
        login = login or self._api.login(self._purpose)
        mine = [comment for comment in marked if comment.user and comment.user.login == login]
        return sorted(mine, key=lambda comment: comment.id)

    def _rewrite(self, comments: Sequence[Written], text: str, head: str) -> Posted:
        """Let the first say it, and remove the others."""
        first, *others = comments
        posted = self._update(first, text, head)
        for other in others:
            self._api.delete(_one(other), self._purpose)
        return posted

    def _update(self, comment: Written, text: str, head: str) -> Posted:
        if (comment.body or "").splitlines()[:2] == head.splitlines():
            return Posted(comment.html_url, "unchanged")
        self._api.patch(_one(comment), self._purpose, {"body": text})
        return Posted(comment.html_url, "updated")


def _one(comment: Written) -> str:
    return f"issues/comments/{comment.id}"
