"""Commits: each is made on top of others, or of none."""

from collections.abc import Callable, Iterator
from typing import Any

from doubles.databricks.request import Answer, Request
from doubles.databricks.routes import Route
from doubles.github import pages
from doubles.github.refusal import not_found
from doubles.github.site import Site, now

_COMPARE = "/repos/{owner}/{repo}/compare/{basehead}"
_LIST = "/repos/{owner}/{repo}/commits"


class Commits:
    """Those that the repository has."""

    def __init__(self, site: Callable[[], Site]) -> None:
        self._site = site
        self._parents: dict[str, tuple[str, ...]] = {}
        self._files: dict[str, tuple[str, ...]] = {}
        self._dates: dict[str, str] = {}

    def add(self, sha: str, *parents: str, date: str = "", files: tuple[str, ...] = ()) -> None:
        """Add a commit on top of others, which changed files at a date of ISO 8601."""
        self._parents[sha] = parents
        self._files[sha] = files
        self._dates[sha] = date or now()

    def routes(self) -> Iterator[Route]:
        yield Route("GET", _COMPARE, self._compare, query=pages.QUERY)
        yield Route("GET", _LIST, self._list, query=pages.QUERY | {"path", "sha"})

    def _list(self, request: Request) -> Answer:
        sha, path = request.query.get("sha", ""), request.query.get("path", "")
        if sha not in self._parents:
            raise not_found()
        shown = [
            self._shown(each)
            for each in self._history(sha)
            if not path or path in self._files[each]
        ]
        return pages.page(shown, request, f"{self._site().repository_api}/commits")

    def _compare(self, request: Request) -> Answer:
        base, _, head = request.parts["basehead"].partition("...")
        if base not in self._parents or head not in self._parents:
            raise not_found()
        of_base, of_head = self._history(base), self._history(head)
        ahead = [sha for sha in of_head if sha not in of_base]
        behind = [sha for sha in of_base if sha not in of_head]
        merge_base = next((sha for sha in of_head if sha in of_base), None)
        if merge_base is None:
            raise not_found()
        status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
        size = int(request.query.get("per_page", 30))
        first = (int(request.query.get("page", 1)) - 1) * size
        site = self._site()
        api = f"{site.repository_api}/compare/{base}...{head}"
        page = f"{site.repository_page}/compare/{base}...{head}"
        return Answer(
            {
                "url": api,
                "html_url": page,
                "permalink_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "base_commit": self._shown(base),
                "merge_base_commit": self._shown(merge_base),
                "status": status.get((bool(ahead), bool(behind)), "identical"),
                "ahead_by": len(ahead),
                "behind_by": len(behind),
                "total_commits": len(ahead),
                "commits": [self._shown(sha) for sha in ahead[::-1][first : first + size]],
                # Those are on the first page alone.
                **({"files": []} if first == 0 else {}),
            }
        )

    def _history(self, sha: str) -> list[str]:
        """A commit and all below it, newest first."""
        found = [sha]
        for each in found:
            found += [parent for parent in self._parents[each] if parent not in found]
        return found

    def _shown(self, sha: str) -> dict[str, Any]:
        site = self._site()
        api, page = f"{site.repository_api}/commits/{sha}", f"{site.repository_page}/commit/{sha}"
        person = {"name": "Ann", "email": "ann@acme.com", "date": self._dates[sha]}
        tree = {"sha": sha, "url": f"{site.repository_api}/git/trees/{sha}"}
        return {
            "url": api,
            "sha": sha,
            "node_id": f"C_{sha}",
            "html_url": page,
            "comments_url": f"{api}/comments",
            "commit": {
                "url": f"{site.repository_api}/git/commits/{sha}",
                "author": person,
                "committer": person,
                "message": "Change something",
                "comment_count": 0,
                "tree": tree,
            },
            "author": site.user("ann", 1),
            "committer": site.user("ann", 1),
            "parents": [
                {"sha": parent, "url": f"{site.repository_api}/commits/{parent}"}
                for parent in self._parents[sha]
            ],
        }
