"""Pull requests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from doubles.databricks.request import Answer, Request
from doubles.databricks.routes import Route
from doubles.github import pages
from doubles.github.refusal import not_found
from doubles.github.site import Site

_TIME = "2026-01-26T19:01:12Z"


@dataclass
class Pull:
    """One pull request, from a branch of `head_repo` into `base`."""

    number: int
    head_sha: str
    head_ref: str
    head_repo: str
    base: str = "main"
    author: str = "ann"
    state: str = "open"
    locked: bool = False

    @property
    def head(self) -> str:
        """The branch, as the API's filter names it."""
        return f"{self.head_repo.partition('/')[0]}:{self.head_ref}"


class Pulls:
    """All of the repository's."""

    def __init__(self, repository: str, site: Callable[[], Site]) -> None:
        self._repository = repository
        self._site = site
        self._pulls: dict[int, Pull] = {}

    def add(self, pull: Pull) -> Pull:
        self._pulls[pull.number] = pull
        return pull

    def find(self, number: int) -> Pull:
        """The pull request.

        Raises:
            Refusal: there is none.

        """
        if number not in self._pulls:
            raise not_found()
        return self._pulls[number]

    def routes(self) -> Iterator[Route]:
        query = pages.QUERY | {"state", "head", "base", "sort", "direction"}
        yield Route("GET", "/repos/{owner}/{repo}/pulls", self._list, query=query)

    def _list(self, request: Request) -> Answer:
        state, head = request.query.get("state", "open"), request.query.get("head", "")
        # GitHub overlooks a filter that doesn't name an owner.
        found = [
            self.shown(pull)
            for pull in sorted(self._pulls.values(), key=lambda pull: -pull.number)
            if state in ("all", pull.state) and (":" not in head or pull.head == head)
        ]
        return pages.page(found, request, f"{self._site().repository_address}/pulls")

    def shown(self, pull: Pull) -> dict[str, Any]:
        """What the API, and the payload of an event, say of it."""
        site = self._site()
        api, page = (
            f"{site.repository_api}/pulls/{pull.number}",
            f"{site.repository_page}/pull/{pull.number}",
        )
        issue = f"{site.repository_api}/issues/{pull.number}"
        links = {
            "url": api,
            "html_url": page,
            "issue_url": issue,
            "comments_url": f"{issue}/comments",
            "review_comments_url": f"{api}/comments",
            "review_comment_url": f"{site.repository_api}/pulls/comments{{/number}}",
            "commits_url": f"{api}/commits",
            "statuses_url": f"{site.repository_api}/statuses/{pull.head_sha}",
        }
        names = {"url": "self", "html_url": "html"}
        return {
            **links,
            "_links": {
                names.get(name, name.removesuffix("_url")): {"href": link}
                for name, link in links.items()
            },
            "id": 1_000_000 + pull.number,
            "node_id": f"PR_{pull.number}",
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "number": pull.number,
            "state": pull.state,
            "locked": pull.locked,
            "title": "A change",
            "user": site.user(pull.author, 1, "Bot" if pull.author.endswith("[bot]") else "User"),
            "body": None,
            "labels": [],
            "milestone": None,
            "created_at": _TIME,
            "updated_at": _TIME,
            "closed_at": None if pull.state == "open" else _TIME,
            "merged_at": None,
            "merge_commit_sha": None,
            "assignee": None,
            "auto_merge": None,
            "draft": False,
            "author_association": "CONTRIBUTOR",
            "head": self._end(pull.head_repo, pull.head_ref, pull.head_sha),
            "base": self._end(self._repository, pull.base, "b" * 40),
        }

    def _end(self, repository: str, ref: str, sha: str) -> dict[str, Any]:
        shown = self._site().repository(repository, is_fork=repository != self._repository)
        return {
            "label": f"{repository.partition('/')[0]}:{ref}",
            "ref": ref,
            "sha": sha,
            "user": shown["owner"],
            "repo": shown,
        }
