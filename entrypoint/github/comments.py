"""The comment on a pull request: one for each target, written anew in place."""

from typing import Any

from entrypoint.errors import Problem
from entrypoint.github import marker
from entrypoint.github.api import Api
from entrypoint.github.posted import Posted
from entrypoint.github.refusal import Purpose, Refused

# GitHub counts characters; in bytes there are never fewer.
LIMIT = 65_536
_FINGERPRINT = 64


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

    def post(self, body: str, fingerprint: str, *, only_if_there: bool = False) -> Posted | None:
        """Create the comment, or bring it up to date; `only_if_there`: None if there is none.

        A comment with the same `fingerprint` (64 characters at most) says the same already, in
        whatever words, and is left alone.

        Raises:
            Refused: GitHub doesn't take it.

        """
        head = self._head(fingerprint)
        # What can't be sent as UTF-8 (half a character) becomes a question mark.
        text = f"{head}{body}".encode(errors="replace")
        if len(text) > LIMIT:
            raise Refused(Problem(f"The comment is longer than {LIMIT} bytes; it was not sent."))
        try:
            return self._post(text.decode(), head, only_if_there=only_if_there)
        except Refused as refused:
            if not refused.may_have_acted:
                raise
        # If it has, the comment is found now.
        return self._post(text.decode(), head, only_if_there=only_if_there)

    def _head(self, fingerprint: str) -> str:
        return f"{self._marker}\n{marker.content(fingerprint)}\n"

    def _post(self, text: str, head: str, *, only_if_there: bool) -> Posted | None:
        mine = self._mine()
        if mine:
            first, *others = mine
            posted = self._update(first, text, head)
            for other in others:  # of a job that was killed before it could do so
                self._delete(other)
            return posted
        return None if only_if_there else self._create(text, head)

    def _create(self, text: str, head: str) -> Posted:
        created = self._api.post(self._path, self._purpose, {"body": text})
        # A job that ran at the same time found none either. The first comment stays; whoever made
        # a later one came later, and knows better what it should say.
        first = next(iter(self._mine(created["user"]["login"])), created)
        if first["id"] >= created["id"]:
            return Posted(created["html_url"], "created")
        posted = self._update(first, text, head)
        self._delete(created)
        return posted

    def _mine(self, login: str = "") -> list[dict[str, Any]]:
        """The target's comments that were written with this token, oldest first."""
        marked = [
            comment
            for comment in self._api.items(self._path, self._purpose)
            if (comment.get("body") or "").startswith(self._marker)
        ]
        if not marked:
            return []
        login = login or self._api.login(self._purpose)
        mine = [comment for comment in marked if _author(comment) == login]
        return sorted(mine, key=lambda comment: int(comment["id"]))

    def _update(self, comment: dict[str, Any], text: str, head: str) -> Posted:
        if comment["body"].splitlines()[:2] == head.splitlines():
            return Posted(comment["html_url"], "unchanged")
        self._api.patch(self._one(comment), self._purpose, {"body": text})
        return Posted(comment["html_url"], "updated")

    def _delete(self, comment: dict[str, Any]) -> None:
        self._api.delete(self._one(comment), self._purpose)

    def _one(self, comment: dict[str, Any]) -> str:
        return f"issues/comments/{comment['id']}"


def _author(comment: dict[str, Any]) -> str:
    # There is none when the account was deleted.
    return str((comment.get("user") or {}).get("login", ""))
