"""Comments on pull requests."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from doubles.databricks.request import Answer, Request
from doubles.databricks.routes import Route
from doubles.github import pages
from doubles.github.pulls import Pulls
from doubles.github.refusal import Refusal, invalid, not_found
from doubles.github.site import Site, now
from doubles.github.tokens import Token

LIMIT = 65_536
_LIST = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
_ONE = "/repos/{owner}/{repo}/issues/comments/{comment_id}"


@dataclass
class Comment:
    """One comment on the pull request `number`; `author` is None when the account is gone."""

    id: int
    number: int
    author: Token | None
    body: str
    edits: int = 0
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)


class Comments:
    """All of the repository's; `asking` says whose token a request has."""

    def __init__(
        self, pulls: Pulls, site: Callable[[], Site], asking: Callable[[Request], Token]
    ) -> None:
        self._pulls = pulls
        self._site = site
        self._asking = asking
        self._ids = itertools.count(4_000_000_001)
        self._comments: dict[int, Comment] = {}

    def of(self, number: int) -> list[Comment]:
        """Those on a pull request, oldest first."""
        return [each for each in self._comments.values() if each.number == number]

    def add(self, number: int, body: str, author: Token | None) -> Comment:
        comment = Comment(next(self._ids), number, author, body)
        self._comments[comment.id] = comment
        return comment

    def routes(self) -> Iterator[Route]:
        body = frozenset({"body"})
        yield Route("GET", _LIST, self._list, query=pages.QUERY | {"since"})
        yield Route("POST", _LIST, self._create, fields=body)
        yield Route("PATCH", _ONE, self._update, fields=body)
        yield Route("DELETE", _ONE, self._delete)

    def _list(self, request: Request) -> Answer:
        number = self._pulls.find(int(request.parts["issue_number"])).number
        found = [self._shown(comment) for comment in self.of(number)]
        return pages.page(
            found, request, f"{self._site().repository_address}/issues/{number}/comments"
        )

    def _create(self, request: Request) -> Answer:
        pull = self._pulls.find(int(request.parts["issue_number"]))
        if pull.locked:
            raise Refusal(403, "Unable to create comment because issue is locked.")
        body = _body(request)
        comment = self.add(pull.number, body, self._asking(request))
        shown = self._shown(comment)
        return Answer(shown, 201, {"Location": shown["url"]})

    def _update(self, request: Request) -> Answer:
        comment = self._find(request)
        comment.body = _body(request)
        comment.updated_at = now()
        comment.edits += 1
        return Answer(self._shown(comment))

    def _delete(self, request: Request) -> Answer:
        del self._comments[self._find(request).id]
        return Answer(b"", 204)

    def _find(self, request: Request) -> Comment:
        comment = self._comments.get(int(request.parts["comment_id"]))
        if comment is None:
            raise not_found()
        return comment

    def _shown(self, comment: Comment) -> dict[str, Any]:
        site = self._site()
        page = f"{site.repository_page}/pull/{comment.number}#issuecomment-{comment.id}"
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "url": f"{site.repository_api}/issues/comments/{comment.id}",
            "html_url": page,
            "issue_url": f"{site.repository_api}/issues/{comment.number}",
            "body": comment.body,
            "user": site.of(comment.author) if comment.author else None,
            "author_association": "NONE",
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
        }


def _body(request: Request) -> str:
    body = request.fields.get("body")
    if not isinstance(body, str) or not body.strip():
        raise invalid("IssueComment", "body", "body can't be blank")
    if len(body) > LIMIT:
        raise invalid("IssueComment", "body", f"body is too long (maximum is {LIMIT} characters)")
    return body
